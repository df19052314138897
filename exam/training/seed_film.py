"""The demo's film: five steps before work on a line, drawn and encoded here, then uploaded as a clerk would do it."""

from contextlib import closing
from datetime import datetime
from functools import partial
from io import BytesIO
from typing import Any, Final
from uuid import UUID

import av
import msgspec
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.db.scope import Scope
from exam.core.pdf.fonts import TEXT, find_font_file
from exam.core.pdf.sheet import A4_LANDSCAPE, About, Ink, Sheet, render_sheets
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.training.bodies.service import BodyView
from exam.training.lessons.content import LessonContent, read_lesson
from exam.training.lessons.film import read_cues
from exam.training.lessons.service import draft_lesson
from exam.training.lessons.slides import beside_film, slides_lesson
from exam.training.materials.service import add_subtitle, get_material
from exam.training.seed_upload import upload_whole

TITLE: Final = "停电检修五步(视频)"
SLIDES_TITLE: Final = "停电检修五步(讲义)"
TEXT_TITLE: Final = "停电检修五步(图文)"
READING: Final = """# 先停电,再验电
检修线路以前必须先停电。停电以后线路上仍可能有反送电或者感应电,所以还要验电。
! 2 验电:用合格的验电器逐相验电
验电以前,先在有电的设备上试一试验电器,确认它是好的。
# 接地、挂牌、监护
验明没有电以后挂接地线。先接接地端,后接导线端;拆的时候顺序相反。
! 3 挂接地线:先接接地端,后接导线端
在电源开关上挂“禁止合闸”牌并上锁,监护人在场才能开始检修。
? 挂接地线时先接哪一端?
+ 接地端
- 导线端
"""
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
) -> list[UUID]:
    """Upload film and slides, let them be made, add subtitles; return the drafts: slides, text with two of them, and film."""
    pages = await upload_whole(runtime, clerk, body, filename="停电检修五步.pdf", data=draw_slides(at), at=at)
    material = await upload_whole(runtime, clerk, body, filename="停电检修五步.mp4", data=draw_film(), at=at)
    async with runtime.databases.transaction(Scope(region=body.region)) as session:
        for place, language in enumerate(("zh", "en"), start=1):
            words = _subtitles(place).encode()
            await add_subtitle(session, runtime, clerk, material, body=body, language=language, data=words, at=at)
        slides = (await get_material(session, pages, body=body)).slides
        film = (await get_material(session, material, body=body)).film
        if film is None or slides is None:
            raise RuntimeError(TITLE)
        points = [(number * STEP_S * 1000, number) for number in range(len(STEPS))]
        cues = read_cues(QUESTIONS, film.length_ms)
        whole = msgspec.structs.replace(film, cues=cues, slides=beside_film(slides, points))
        return [
            await _draft(session, clerk, body, SLIDES_TITLE, slides_lesson(slides, {}), target, at),
            await _draft(session, clerk, body, TEXT_TITLE, read_lesson(READING, slides.keys), target, at),
            await _draft(session, clerk, body, TITLE, LessonContent(film=whole), target, at),
        ]


async def _draft(
    session: AsyncSession,
    clerk: Principal,
    body: BodyView,
    title: str,
    content: LessonContent,
    target: tuple[str, str],
    at: datetime,
) -> UUID:
    qualification, node = target
    return await draft_lesson(
        session,
        clerk,
        body=body,
        qualification=qualification,
        node=node,
        title=title,
        content=content,
        at=at,
    )


def draw_slides(at: datetime) -> bytes:
    """Return a PDF of one page for each step: its name, its rule in both languages."""

    def page(sheet: Sheet, number: int) -> None:
        name, rule, english = STEPS[number]
        sheet.text(24, 40, f"第 {number + 1} 步", Ink(size=24))
        sheet.text(24, 75, name, Ink(size=60, bold=True))
        sheet.fitted(24, 110, rule, Ink(size=28, font=TEXT), width=245)
        sheet.fitted(24, 130, english, Ink(size=20, font=TEXT), width=245)

    about = About(title=SLIDES_TITLE, author="", subject=TITLE, dated_on=local_date(at))
    return render_sheets(A4_LANDSCAPE, about, [partial(page, number=number) for number in range(len(STEPS))])


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
