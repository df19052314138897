"""What the demo's clerk uploads, sent and made as any file; and the package among it, drawn up here."""

import zipfile
from datetime import datetime
from io import BytesIO
from typing import Final
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

TITLE: Final = "灭火器怎样用(课件包)"
PAGES: Final = (
    ("提", "提起灭火器,上下颠倒几次,到火点上风 3 米处。"),
    ("拔", "拔下保险销。"),
    ("握", "一手握住喷管,对准火焰根部。"),
    ("压", "压下压把,左右扫射,由近及远,直到完全熄灭。"),
)
_MANIFEST: Final = """<?xml version="1.0" encoding="utf-8"?>
<manifest identifier="ankao-demo" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
 xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
 <metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
 <organizations default="o"><organization identifier="o"><title>灭火器怎样用</title>
  <item identifier="steps" identifierref="r"><title>提、拔、握、压</title></item></organization></organizations>
 <resources><resource identifier="r" type="webcontent" adlcp:scormtype="sco" href="index.html"/></resources>
</manifest>"""
_PAGE: Final = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>灭火器怎样用</title>
<style>body{{margin:0;padding:6vmin;font:1.25rem/1.8 "PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}}
h1{{font-size:4rem;margin:0;color:#1b3a6b}}section{{display:none}}section.on{{display:block}}
button{{font:inherit;padding:.6rem 1.5rem;margin:1rem 1rem 0 0}}</style>
{sections}<button id="back">上一步</button><button id="next">下一步</button><p id="end" hidden>学完了。</p>
<script>
let at = window; while (!at.API && at !== at.parent) at = at.parent;
const api = at.API, steps = [...document.querySelectorAll("section")];
let here = 0;
const show = (to) => {{
  here = Math.min(Math.max(to, 0), steps.length - 1);
  steps.forEach((step, place) => step.classList.toggle("on", place === here));
  const last = here === steps.length - 1;
  document.getElementById("end").hidden = !last;
  api?.LMSSetValue("cmi.core.lesson_location", String(here));
  api?.LMSSetValue("cmi.core.lesson_status", last ? "completed" : "incomplete");
  api?.LMSCommit("");
}};
api?.LMSInitialize("");
document.getElementById("next").addEventListener("click", () => show(here + 1));
document.getElementById("back").addEventListener("click", () => show(here - 1));
show(Number(api?.LMSGetValue("cmi.core.lesson_location")) || 0);
addEventListener("pagehide", () => api?.LMSFinish(""));
</script></html>"""


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


def draw_package() -> bytes:
    """Return a SCORM 1.2 package of one part with four steps that remembers where it was left."""
    sections = "".join(f"<section><h1>{name}</h1><p>{rule}</p></section>" for name, rule in PAGES)
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("imsmanifest.xml", _MANIFEST)
        archive.writestr("index.html", _PAGE.format(sections=sections))
    return target.getvalue()
