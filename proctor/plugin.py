"""What the proctor's desk brings to the composition."""

from exam.core.jobs import Job
from exam.core.reseal import SealedColumn
from exam.core.runtime import Runtime
from exam.web.plugin import NavItem, Plugin
from proctor.cameras.pages import CameraController
from proctor.cameras.service import PLACE as CAMERA_PLACE
from proctor.desk.controllers import DeskApiController, DeskController
from proctor.desk.reasons import terminal_words
from proctor.desk.wall_pages import WallApiController, WallController
from proctor.duty.pages import DutyController, HandoverController
from proctor.evidence.keys import PLACE
from proctor.evidence.pages import RecordController
from proctor.evidence.retention import delete_expired
from proctor.incidents.pages import HANDLERS as INCIDENT_HANDLERS
from proctor.media.controllers import HANDLERS as MEDIA_HANDLERS
from proctor.media.listening import note_ends
from proctor.media.plugin import node_plugin, signalling
from proctor.rooms.pages import RoomRuleController

__all__ = ["PLUGIN", "node_plugin", "run_analysis"]

PLUGIN = Plugin(
    package="proctor",
    handlers=(
        DeskController,
        DeskApiController,
        WallController,
        WallApiController,
        DutyController,
        HandoverController,
        RecordController,
        CameraController,
        RoomRuleController,
        *INCIDENT_HANDLERS,
        *MEDIA_HANDLERS,
    ),
    jobs=(
        Job("proctor.delete_expired_recordings", delete_expired, cron="30 19 * * *"),
        Job("proctor.note_ends_of_listening", note_ends, cron="* * * * *"),
    ),
    sealed=(
        SealedColumn(table="proctor_recording_key", key="sitting_id", column="key_sealed", place=PLACE),
        SealedColumn(table="proctor_camera", key="id", column="url_sealed", place=CAMERA_PLACE),
    ),
    words={"act_reasons": terminal_words()},
    lifespan=(signalling,),
    nav=(
        NavItem("监考", "/proctor", ("proctor",), "eye"),
        NavItem("考场摄像机", "/proctor/cameras", ("centre",), "camera", also=("/proctor/rooms*",)),
        NavItem("异常事件", "/proctor/incidents", ("proctor", "regulator"), "gavel"),
    ),
)


async def run_analysis(runtime: Runtime) -> None:
    """Run a process of analysis; only there are OpenCV and the model loaded."""
    from proctor.analysis.analyst import analyse  # noqa: PLC0415

    await analyse(runtime)
