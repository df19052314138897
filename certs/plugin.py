"""What credentials bring to the composition."""

from certs.controllers import VerifyController
from certs.jobs import JOBS
from certs.staff_pages import CredentialController, HolderController, sitting_credentials
from certs.subscribers import SUBSCRIPTIONS
from exam.web.plugin import NavItem, Plugin

PLUGIN = Plugin(
    package="certs",
    handlers=(VerifyController, HolderController, CredentialController, sitting_credentials),
    subscriptions=SUBSCRIPTIONS,
    jobs=JOBS,
    nav=(NavItem("证书", "/centre/credentials", ("centre", "regulator"), "certificate"),),
)
