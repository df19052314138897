"""What the demo's clerk uploads, sent and made as any file."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.scope import Scope
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.training.bodies.service import BodyView
from exam.training.lessons.content import LessonContent
from exam.training.lessons.package import Wanted
from exam.training.lessons.service import draft_lesson
from exam.training.materials.making import run_make
from exam.training.materials.service import (
    PART_BYTES,
    begin_material,
    finish_upload,
    get_material,
    parts_of,
    take_part,
)
from exam.training.packages.service import plan_package


async def upload_whole(
    runtime: Runtime, clerk: Principal, body: BodyView, *, filename: str, data: bytes, at: datetime
) -> UUID:
    """Send a file part by part, let it be made, and return the material's id."""
    async with runtime.databases.transaction(Scope(region=body.region)) as session:
        material = await begin_material(session, clerk, body=body, filename=filename, size=len(data), at=at)
        for place in range(parts_of(len(data))):
            part = data[place * PART_BYTES : (place + 1) * PART_BYTES]
            await take_part(session, runtime, material, place, part, body=body)
        await finish_upload(session, clerk, material, body=body, at=at)
    await run_make(runtime, material_id=str(material), region=body.region)
    return material


async def draft_package(
    session: AsyncSession,
    clerk: Principal,
    body: BodyView,
    material: UUID,
    *,
    target: tuple[str, str],
    title: str,
    at: datetime,
) -> UUID:
    """Draft a lesson of a package that its own word of completion finishes; return its id."""
    package = (await get_material(session, material, body=body)).package
    if package is None:
        raise RuntimeError(title)
    content = LessonContent(package=plan_package(package, "5", Wanted.COMPLETED))
    qualification, node = target
    return await draft_lesson(
        session, clerk, body=body, qualification=qualification, node=node, title=title, content=content, at=at
    )
