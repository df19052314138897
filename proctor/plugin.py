"""What the proctor's desk brings to the composition."""

from exam.web.plugin import NavItem, Plugin
from proctor.desk.controllers import DeskApiController, DeskController
from proctor.desk.wall_pages import WallApiController, WallController
from proctor.media.controllers import HANDLERS as MEDIA_HANDLERS
from proctor.media.plugin import node_plugin, signalling

__all__ = ["PLUGIN", "node_plugin"]

PLUGIN = Plugin(
    package="proctor",
    handlers=(DeskController, DeskApiController, WallController, WallApiController, *MEDIA_HANDLERS),
    lifespan=(signalling,),
    nav=(NavItem("监考", "/proctor", ("proctor",), "eye"),),
)
