"""What credentials bring to the composition."""

from certs.applications.pages import ApplicationController, FilingController
from certs.batches.pages import BatchController
from certs.bulk_pages import BulkController
from certs.controllers import VerifyController
from certs.jobs import JOBS
from certs.naming import NUMBER_PLACE
from certs.national.pages import NationalController
from certs.staff_pages import CredentialController, HolderController, sitting_credentials
from certs.subscribers import SUBSCRIPTIONS
from certs.wording import STATE_WORDS
from exam.core.reseal import SealedColumn
from exam.web.plugin import NavItem, Plugin

PLUGIN = Plugin(
    package="certs",
    handlers=(
        VerifyController,
        HolderController,
        CredentialController,
        ApplicationController,
        FilingController,
        BatchController,
        BulkController,
        NationalController,
        sitting_credentials,
    ),
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
    words={"credential_states": STATE_WORDS},
    nav=(
        NavItem("证书", "/centre/credentials", ("centre", "regulator"), "certificate"),
        NavItem("办证时限", "/centre/applications", ("regulator",), "clock"),
        NavItem("国家证照", "/regulator/national", ("regulator",), "id"),
        NavItem("批量核验", "/enterprise/verify", ("enterprise",), "shield-check"),
    ),
)
