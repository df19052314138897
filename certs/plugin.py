"""What credentials bring to the composition."""

from certs.controllers import VerifyController
from certs.jobs import JOBS
from certs.naming import NUMBER_PLACE
from certs.staff_pages import CredentialController, HolderController, sitting_credentials
from certs.subscribers import SUBSCRIPTIONS
from exam.core.reseal import SealedColumn
from exam.web.plugin import NavItem, Plugin

PLUGIN = Plugin(
    package="certs",
    handlers=(VerifyController, HolderController, CredentialController, sitting_credentials),
    subscriptions=SUBSCRIPTIONS,
    jobs=JOBS,
    sealed=(
        SealedColumn(
            table="certs_credential",
            key="id",
            column="number_sealed",
            place=NUMBER_PLACE,
            index="number_index",
        ),
    ),
    nav=(NavItem("证书", "/centre/credentials", ("centre", "regulator"), "certificate"),),
)
