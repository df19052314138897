"""A room's camera, registered without looking at it."""

from uuid import UUID

from exam.core.runtime import Runtime
from proctor.cameras.judging import Facts
from proctor.cameras.service import register_camera
from tests.builders.sitting import Centre

FACTS = Facts(codec="h264", profile="Main", width=640, height=360, fps=15, group_s=1)


async def register(runtime: Runtime, centre: Centre, *, room: str, name: str) -> UUID:
    """Register a camera of a centre's room; nothing answers under its address."""
    async with runtime.databases.transaction(centre.scope) as session:
        return await register_camera(
            session,
            runtime.sealer,
            centre.clerk,
            room=room,
            name=name,
            url="rtsp://10.0.0.1/x",
            host="10.0.0.1",
            facts=FACTS,
            at=runtime.clock.now(),
        )
