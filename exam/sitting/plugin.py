"""What sittings bring to the composition."""

from exam.core.jobs import Job
from exam.core.reseal import SealedColumn
from exam.sitting.batch_pages import BatchController
from exam.sitting.controllers import SittingApiController
from exam.sitting.enterprise_pages import EnterpriseController
from exam.sitting.forms import PREPARE_FORMS, run_prepare_forms
from exam.sitting.pages import CentreController
from exam.sitting.registration_pages import RegistrationController
from exam.sitting.tickets import PLACE as TICKET_PLACE
from exam.web.plugin import NavItem, Plugin

PLUGIN = Plugin(
    package="exam.sitting",
    handlers=(CentreController, RegistrationController, EnterpriseController, BatchController, SittingApiController),
    jobs=(Job(PREPARE_FORMS, run_prepare_forms),),
    sealed=(
        SealedColumn(
            table="sitting_ticket",
            key="registration_id",
            column="secret_sealed",
            place=TICKET_PLACE,
            fixed="a ticket never changes, and its secret ends with its sitting",
        ),
    ),
    nav=(
        NavItem("考点工作", "/centre", ("centre",), "clipboard-list"),
        NavItem("考试场次", "/centre", ("regulator",), "clipboard-list"),
    ),
)
