"""What records bring to the composition."""

from exam.records.enterprise_pages import EnterpriseDeskController
from exam.records.regulator_file_pages import RegulatorFilesController
from exam.records.regulator_pages import RegulatorController
from exam.records.rescue_pages import RescueController
from exam.records.subscribers import SUBSCRIPTIONS
from exam.web.plugin import NavItem, Plugin

PLUGIN = Plugin(
    package="exam.records",
    handlers=(RegulatorController, RegulatorFilesController, EnterpriseDeskController, RescueController),
    subscriptions=SUBSCRIPTIONS,
    nav=(
        NavItem("监管总览", "/regulator", ("regulator",), "chart-bar", leads=True),
        NavItem("企业持证", "/enterprise", ("enterprise",), "building-factory-2", leads=True),
    ),
)
