"""What the proctor's desk brings to the composition."""

from exam.web.plugin import NavItem, Plugin
from proctor.desk.controllers import DeskApiController, DeskController

PLUGIN = Plugin(
    package="proctor",
    handlers=(DeskController, DeskApiController),
    nav=(NavItem("监考", "/proctor", ("proctor",), "eye"),),
)
