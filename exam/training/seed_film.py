"""The demo's film: five steps before work on a line, drawn and encoded here, then uploaded as a clerk would do it."""

from contextlib import closing
from datetime import datetime
from io import BytesIO
from typing import Any, Final
from uuid import UUID

import av
import msgspec
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.scope import Scope
from exam.core.pdf.fonts import find_font_file
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.training.bodies.service import BodyView
from exam.training.lessons.content import LessonContent
from exam.training.lessons.film import read_cues
from exam.training.lessons.service import draft_lesson
from exam.training.materials.making import run_make
from exam.training.materials.service import (
    PART_BYTES,
    add_subtitle,
    begin_material,
    finish_upload,
    get_material,
    parts_of,
    take_part,
)

TITLE: Final = "停电检修五步(视频)"
STEPS: Final = (
    ("停电", "断开电源,取下熔断器", "Switch off and take out the fuses"),
    ("验电", "用合格的验电器逐相验电", "Test each phase with an approved tester"),
    ("挂接地线", "先接接地端,后接导线端", "Earth: the ground end first, then the line"),
    ("挂牌上锁", "挂“禁止合闸”牌并上锁", "Tag and lock: do not switch on"),
    ("专人监护", "监护人在场才能开始检修", "Work begins only with a watcher present"),
)
"""Each step's name, its rule in Chinese, and in English."""
QUESTIONS: Final = (
    "# 0:31\n? 停电以后,下一步做什么?\n- 立即检修\n+ 验电\n# 0:46\n? 挂接地线时先接哪一端?\n+ 接地端\n- 导线端"
)
STEP_S: Final = 15
FRAMES: Final = 2
"""Frames a second: a picture that stands needs no more."""
SIZE: Final = (640, 360)
NIGHT, AMBER, PAPER = (20, 38, 70), (250, 190, 40), (245, 247, 250)


async def seed_film(
    runtime: Runtime, clerk: Principal, body: BodyView, *, target: tuple[str, str], at: datetime
) -> UUID:
    """Upload the film, let it be made, give it subtitles, and return the id of the draft lesson."""
    scope, data = Scope(region=body.region), draw_film()
    async with runtime.databases.transaction(scope) as session:
        material = await begin_material(session, clerk, body=body, filename="停电检修五步.mp4", size=len(data), at=at)
        for place in range(parts_of(len(data))):
            part = data[place * PART_BYTES : (place + 1) * PART_BYTES]
            await take_part(session, runtime, material, place, part, body=body)
        await finish_upload(session, clerk, material, body=body, at=at)
    await run_make(runtime, material_id=str(material), region=body.region)
    async with runtime.databases.transaction(scope) as session:
        for place, language in enumerate(("zh", "en"), start=1):
            words = _subtitles(place).encode()
            await add_subtitle(session, runtime, clerk, material, body=body, language=language, data=words, at=at)
        return await _draft(session, clerk, body, material, target, at)


async def _draft(
    session: AsyncSession, clerk: Principal, body: BodyView, material: UUID, target: tuple[str, str], at: datetime
) -> UUID:
    film = (await get_material(session, material, body=body)).film
    if film is None:
        raise RuntimeError(TITLE)
    qualification, node = target
    return await draft_lesson(
        session,
        clerk,
        body=body,
        qualification=qualification,
        node=node,
        title=TITLE,
        content=LessonContent(film=msgspec.structs.replace(film, cues=read_cues(QUESTIONS, film.length_ms))),
        at=at,
    )


def _subtitles(place: int) -> str:
    cues = [
        f"00:{number * STEP_S // 60:02}:{number * STEP_S % 60:02}.000 --> "
        f"00:{(number + 1) * STEP_S // 60:02}:{(number + 1) * STEP_S % 60:02}.000\n{step[place]}\n"
        for number, step in enumerate(STEPS)
    ]
    return "WEBVTT\n\n" + "\n".join(cues)


def draw_film() -> bytes:
    """Return the film as H.264 in MP4: one picture for each step, a bar that grows."""
    target = BytesIO()
    with closing(av.open(target, "w", format="mp4")) as written:
        options = {"preset": "veryfast", "g": str(FRAMES * 2)}
        track = written.add_stream("libx264", rate=FRAMES, options=options)
        track.width, track.height, track.pix_fmt = *SIZE, "yuv420p"
        for number in range(len(STEPS)):
            picture = _picture(number)
            for frame in range(STEP_S * FRAMES):
                grown = SIZE[0] * (frame + 1) // (STEP_S * FRAMES)
                picture[-12:, :grown] = AMBER
                for packet in track.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                    written.mux(packet)
        for packet in track.encode():
            written.mux(packet)
    return target.getvalue()


def _picture(number: int) -> Any:
    image = Image.new("RGB", SIZE, NIGHT)
    draw = ImageDraw.Draw(image)
    path = str(find_font_file())
    draw.text((40, 40), f"第 {number + 1} 步 / 共 {len(STEPS)} 步", PAPER, ImageFont.truetype(path, 24))
    draw.text((40, 110), STEPS[number][0], AMBER, ImageFont.truetype(path, 72))
    draw.text((40, 230), STEPS[number][1], PAPER, ImageFont.truetype(path, 30))
    return np.array(image)
