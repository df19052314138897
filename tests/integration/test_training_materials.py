"""Films from a clerk's file to a learner's hours: uploaded in parts, made by the job, studied in order, then free."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from exam.core.clock import FrozenClock
from exam.core.db.scope import Scope
from exam.core.errors import NotFoundError
from exam.core.runtime import Runtime
from exam.training.bodies.service import get_body
from exam.training.ledger.judging import Beat
from exam.training.lessons.service import list_lessons
from exam.training.lessons.standing import StudyAnswer
from exam.training.lessons.study import take_answer, take_beat
from exam.training.materials import service
from exam.training.materials.making import run_clear_uploads, run_make
from tests.builders.films import film_bytes, pdf_bytes
from tests.builders.packages import scorm_bytes
from tests.builders.training import (
    School,
    cookie_of,
    learner_cookie,
    make_class,
    make_learner,
    make_school,
)
from tests.builders.web import send, wear

HOME = "/centre/training/materials"
VTT = "WEBVTT\n\n00:01.000 --> 00:03.000\n先断电\n"
QUESTIONS = "# 0:05\n? 检修前先做什么?\n- 通知食堂\n+ 断电挂牌"


async def announce(client: AsyncClient, filename: str, size: int) -> Response:
    headers = {"x-csrftoken": client.cookies["csrftoken"], "accept": "application/json"}
    return await client.post(HOME, json={"filename": filename, "size": size}, headers=headers)


async def give(client: AsyncClient, path: str, data: bytes, **fields: str) -> Response:
    fields["_csrf_token"] = client.cookies["csrftoken"]
    return await client.post(path, data=fields, files={"file": ("file", data)})


async def upload(client: AsyncClient, data: bytes, *, filename: str = "检修.mp4") -> str:
    """Send a file as the page does and return the material's id."""
    material: str = (await announce(client, filename, len(data))).json()["id"]
    for place in range(0, len(data), service.PART_BYTES):
        part = data[place : place + service.PART_BYTES]
        sent = await give(client, f"{HOME}/{material}/parts/{place // service.PART_BYTES}", part)
        assert sent.status_code == 204
    assert (await send(client, f"{HOME}/{material}/finish")).status_code == 204
    return material


async def test_film_is_uploaded_in_parts_made_and_watched_by_its_body_alone(
    runtime: Runtime, school: School, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PART_BYTES", 4000)
    wear(client, await cookie_of(runtime, school.clerk))
    assert (await announce(client, "病毒.exe", 10)).json()["code"] == "material_kind"
    assert (await announce(client, "长.mp4", 3 * 1024**3)).status_code == 413
    material = await upload(client, film_bytes())
    assert "正在排队等待转换" in (await client.get(f"{HOME}/{material}")).text
    late = await give(client, f"{HOME}/{material}/parts/0", b"x" * 4000)
    assert late.status_code == 409
    await run_make(runtime, material_id=material, region=school.region)
    page = (await client.get(f"{HOME}/{material}")).text
    assert "0:16" in page
    assert (await client.get(f"{HOME}/{material}/film.m3u8")).text.count("film/segments/") == 3
    assert (await client.get(f"{HOME}/{material}/film/segments/3")).status_code == 404
    with pytest.raises(NotFoundError):  # what was uploaded is not kept
        await runtime.storage.get(service.part_key(UUID(material), 0))
    other = await make_school(runtime, name="另一家", region="33/3302/330203")
    wear(client, await cookie_of(runtime, other.clerk))
    assert (await client.get(f"{HOME}/{material}/film/init")).status_code == 404
    async with runtime.databases.session(other.scope) as session:
        assert await service.list_materials(session, body=await get_body(session, other.id), limit=9) == []


async def test_file_that_is_no_film_is_refused_in_plain_words(
    runtime: Runtime, school: School, client: AsyncClient
) -> None:
    wear(client, await cookie_of(runtime, school.clerk))
    material = await upload(client, b"#EXTM3U\nfile:///etc/hostname\n")
    await run_make(runtime, material_id=material, region=school.region)
    await run_make(runtime, material_id=material, region=school.region)  # a second run finds nothing to do
    assert "文件内容不是支持的视频格式" in (await client.get(f"{HOME}/{material}")).text
    assert (await give(client, f"{HOME}/{material}/subtitles", VTT.encode(), language="zh")).status_code == 409


async def test_what_the_machine_cannot_make_and_what_nobody_finishes_is_given_up_in_plain_words(
    runtime: Runtime, clock: FrozenClock, school: School, client: AsyncClient
) -> None:
    wear(client, await cookie_of(runtime, school.clerk))
    material = await upload(client, b"%PDF-1.7")
    await runtime.storage.delete(service.part_key(UUID(material), 0))
    for _ in range(3):
        with pytest.raises(NotFoundError):
            await run_make(runtime, material_id=material, region=school.region)
    await run_make(runtime, material_id=material, region=school.region)
    assert "服务器多次没能转换" in (await client.get(f"{HOME}/{material}")).text
    left = [(await announce(client, "长.mp4", 9000)).json()["id"] for _ in range(service.MOST_UPLOADS)]
    assert (await announce(client, "长.mp4", 9000)).json()["code"] == "material_quota"
    clock.advance(timedelta(days=1, minutes=1))
    await run_clear_uploads(runtime)
    wear(client, await cookie_of(runtime, school.clerk))
    assert "没有传完" in (await client.get(f"{HOME}/{left[0]}")).text
    assert (await announce(client, "长.mp4", 9000)).status_code == 201


async def film_lesson(runtime: Runtime, school: School, client: AsyncClient, *, seconds: int) -> UUID:
    """Let one clerk make a film a lesson with subtitles and a question, and another publish it."""
    wear(client, await cookie_of(runtime, school.clerk))
    pages = await upload(client, pdf_bytes(["停电", "验电", "接地"]), filename="五步.pdf")
    await run_make(runtime, material_id=pages, region=school.region)
    material = await upload(client, film_bytes(seconds))
    await run_make(runtime, material_id=material, region=school.region)
    refused = await give(client, f"{HOME}/{material}/subtitles", b"no times", language="zh")
    assert "第 1 行" in refused.text
    assert (await give(client, f"{HOME}/{material}/subtitles", VTT.encode(), language="zh")).status_code == 303
    typed = {"target": "officer.general 1.1", "title": "停电检修", "questions": "# 9:00\n? 问\n+ 甲\n- 乙"}
    assert (await send(client, f"{HOME}/{material}/lesson", typed)).status_code == 400  # beyond the film's end
    typed |= {"questions": QUESTIONS, "slides": pages, "syncs": "0:00 1\n0:20 4"}
    assert "翻页时间有误" in (await send(client, f"{HOME}/{material}/lesson", typed)).text  # no fourth page
    drafted = await send(client, f"{HOME}/{material}/lesson", {**typed, "syncs": "0:00 1\n0:20 3\n0:50 2"})
    link = drafted.headers["location"]
    assert (await send(client, f"{link}/publish")).status_code == 403
    wear(client, await cookie_of(runtime, school.clerk2))
    assert "检修前先做什么" in (await client.get(link)).text
    assert (await send(client, f"{link}/publish")).status_code == 303
    async with runtime.databases.session(school.scope) as session:
        [lesson] = await list_lessons(session, school.id, state="published")
    return lesson.id


async def test_learner_watches_in_order_then_freely(
    runtime: Runtime, clock: FrozenClock, school: School, client: AsyncClient
) -> None:
    lesson = await film_lesson(runtime, school, client, seconds=60)
    class_id = await make_class(runtime, school, sessions=((9, "1.1", "theory"),))
    learner = await make_learner(runtime, school, class_id, number=1)
    clock.advance(timedelta(days=1))
    wear(client, await learner_cookie(runtime, learner))
    opened = await send(client, f"/learn/enrolments/{learner.id}/lessons/{lesson}")
    visit = opened.headers["location"]
    assert "先断电" in (await client.get(f"{visit}/film/subtitles/zh")).text
    assert (await client.get(f"{visit}/film/segments/9")).status_code == 409
    shown = [(await client.get(f"{visit}/film/slides/{place}")).status_code for place in range(4)]
    assert shown == [200, 200, 409, 404]  # what stands beside the film ahead of the learner stays on the server too
    part = await client.get(f"{visit}/film/segments/0", headers={"range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"styp")
    assert "#EXT-X-ENDLIST" not in (await client.get(f"{visit}/film.m3u8")).text
    watched = Watching(runtime, clock, learner.person_id, UUID(visit.rpartition("/")[2]))
    assert (await watched.beat(15_000)).reach_ms == 15_000
    skipped = await watched.beat(55_000)  # dragged ahead, or played at more than its speed
    assert (skipped.reach_ms, skipped.refused) == (15_000, "skipped_ahead")
    for position in (30_000, 45_000):
        await watched.beat(position)
    told = await watched.beat(60_000)
    assert told.check is not None
    assert (told.check.prompt, told.finished) == ("检修前先做什么?", False)
    assert (await watched.answer(1)).finished
    assert "#EXT-X-ENDLIST" in (await client.get(f"{visit}/film.m3u8")).text
    assert (await client.get(f"{visit}/film/segments/9")).status_code == 200
    assert (await client.get(f"{visit}/film/slides/2")).headers["content-type"] == "image/jpeg"


async def test_pdf_is_shown_page_by_page(
    runtime: Runtime, clock: FrozenClock, school: School, client: AsyncClient
) -> None:
    wear(client, await cookie_of(runtime, school.clerk))
    material = await upload(client, pdf_bytes(["Lock out", "Test", "Earth"]), filename="检修.pdf")
    await run_make(runtime, material_id=material, region=school.region)
    assert (await client.get(f"{HOME}/{material}/slides/2")).headers["content-type"] == "image/jpeg"
    assert (await client.get(f"{HOME}/{material}/slides/3")).status_code == 404
    figures = await text_with_figures(client, material)
    typed = {"target": "officer.general 1.1", "title": "停电检修", "questions": ""}
    link = (await send(client, f"{HOME}/{material}/lesson", typed)).headers["location"]
    wear(client, await cookie_of(runtime, school.clerk2))
    assert "第 3 页" in (await client.get(link)).text
    await send(client, f"{link}/publish")
    await send(client, f"{figures}/publish")
    class_id = await make_class(runtime, school, sessions=((9, "1.1", "theory"),))
    learner = await make_learner(runtime, school, class_id, number=1)
    clock.advance(timedelta(days=1))
    wear(client, await learner_cookie(runtime, learner))
    await figures_open_with_their_section(
        client, f"/learn/enrolments/{learner.id}/lessons/{figures.rpartition('/')[2]}"
    )
    opened = await send(client, f"/learn/enrolments/{learner.id}/lessons/{link.rpartition('/')[2]}")
    visit = opened.headers["location"]
    page = (await client.get(visit)).text
    assert 'alt="Lock out"' in page
    assert "Earth" not in page
    assert (await client.get(f"{visit}/slides/0")).content.startswith(b"\xff\xd8")
    assert (await client.get(f"{visit}/slides/1")).status_code == 409
    watched = Watching(runtime, clock, learner.person_id, UUID(visit.rpartition("/")[2]))
    for _ in range(2):
        await watched.beat(0)
    assert (await client.get(f"{visit}/slides/1")).status_code == 200


async def text_with_figures(client: AsyncClient, material: str) -> str:
    """Write a text with pages of a PDF as figures; return where its draft is read."""
    new = "/centre/training/lessons"
    assert f'value="{material}"' in (await client.get(f"{new}/new")).text
    typed = {
        "target": "officer.general 1.1",
        "title": "图文",
        "text": "# 一\n先断电\n! 1 挂牌\n# 二\n再验电\n! 4 验电器",
    }
    assert "插图有误" in (await send(client, new, typed)).text
    typed |= {"slides": material}
    assert "! 4 验电器" in (await send(client, new, typed)).text  # no fourth page; nothing typed is lost
    link = (await send(client, new, {**typed, "text": typed["text"].replace("! 4", "! 2")})).headers["location"]
    assert f'src="{HOME}/{material}/slides/1" alt="验电器"' in (await client.get(link)).text
    return link


async def figures_open_with_their_section(client: AsyncClient, lesson: str) -> None:
    visit = (await send(client, lesson)).headers["location"]
    page = (await client.get(visit)).text
    assert page.index("先断电") < page.index(f'src="{visit}/units/0/figures/0" alt="挂牌"')
    shown = [await client.get(f"{visit}/units/{place}/figures/{number}") for place, number in ((0, 0), (0, 1), (1, 0))]
    assert [each.status_code for each in shown] == [200, 404, 409]
    assert shown[0].content.startswith(b"\xff\xd8")


class Watching:
    """A learner before a film, whose page reports every fifteen seconds."""

    def __init__(self, runtime: Runtime, clock: FrozenClock, person: UUID, visit: UUID) -> None:
        self.runtime, self.clock, self.person, self.visit = runtime, clock, person, visit
        self.seq = 0

    async def beat(self, position_ms: int) -> StudyAnswer:
        self.clock.advance(timedelta(seconds=15))
        self.seq += 1
        beat = Beat(seq=self.seq, after="", position_ms=position_ms, seen=True, idle_s=0, clock_ms=self.seq * 15_000)
        async with self.runtime.databases.transaction(Scope(person=self.person)) as session:
            return await take_beat(session, self.person, self.visit, beat, genuine=True, at=self.clock.now())

    async def answer(self, choice: int) -> StudyAnswer:
        async with self.runtime.databases.transaction(Scope(person=self.person)) as session:
            return await take_answer(session, self.person, self.visit, choice, at=self.clock.now())


HERE, THERE = {"host": "127.0.0.1:8000"}, {"host": "localhost:8000"}


async def package_lesson(runtime: Runtime, school: School, client: AsyncClient) -> UUID:
    """Let one clerk make a package a lesson of a minute, and another publish it."""
    wear(client, await cookie_of(runtime, school.clerk))
    material = await upload(client, scorm_bytes(), filename="触电.zip")
    await run_make(runtime, material_id=material, region=school.region)
    assert "SCORM 1.2" in (await client.get(f"{HOME}/{material}")).text
    english = (await client.get(HOME, headers={"accept-language": "en"})).text
    assert "1 part<" in english
    typed = {"target": "officer.general 1.1", "title": "触电急救", "minutes": "0", "wanted": "passed"}
    assert "1 至 480 分钟" in (await send(client, f"{HOME}/{material}/lesson", typed)).text
    link = (await send(client, f"{HOME}/{material}/lesson", {**typed, "minutes": "1"})).headers["location"]
    wear(client, await cookie_of(runtime, school.clerk2))
    assert "并通过课件包的测验" in (await client.get(link)).text
    assert (await send(client, f"{link}/publish")).status_code == 303
    async with runtime.databases.session(school.scope) as session:
        [lesson] = await list_lessons(session, school.id, state="published")
    return lesson.id


async def test_package_is_served_apart_and_what_it_says_is_kept_but_adds_no_hour(
    runtime: Runtime, clock: FrozenClock, school: School, client: AsyncClient
) -> None:
    lesson = await package_lesson(runtime, school, client)
    learner = await make_learner(runtime, school, await make_class(runtime, school), number=1)
    clock.advance(timedelta(days=1))
    wear(client, await learner_cookie(runtime, learner))
    visit = (await send(client, f"/learn/enrolments/{learner.id}/lessons/{lesson}")).headers["location"]
    assert "须由独立的网址提供" in (await client.get(visit)).text
    page = await client.get(visit, headers=HERE)
    [place] = re.findall(r'data-package="http://localhost:8000(/package/[^"]+)"', page.text)
    assert page.headers["content-security-policy"].endswith("frame-src http://localhost:8000")
    await _only_there(client, place)
    said = {"item": "i1", "suspend_data": "第七页", "completion": "completed", "success": "passed", "suspended": True}
    assert (await tell(client, visit, {**said, "item": "i9"})).status_code == 404
    assert (await tell(client, visit, {**said, "hours": 9})).status_code == 400
    assert (await tell(client, visit, said)).json() == {"met": True}
    assert (await client.get(f"{visit}/package")).json()["tracked"][0]["suspend_data"] == "第七页"
    assert "已学" not in (await client.get("/learn")).text  # passed in no time, which is what counts
    again = (await send(client, f"/learn/enrolments/{learner.id}/lessons/{lesson}")).headers["location"]
    assert (await tell(client, visit, said)).status_code == 409
    assert (await client.get(f"{again}/package")).json()["met"]


async def tell(client: AsyncClient, visit: str, said: dict[str, Any]) -> Response:
    headers = {"x-csrftoken": client.cookies["csrftoken"], "accept": "application/json"}
    return await client.post(f"{visit}/package", json=said, headers=headers)


async def _only_there(client: AsyncClient, place: str) -> None:
    """Files come from the other host alone, with a policy that lets them use each other and nothing else."""
    file = await client.get(f"{place}sco/index.html", headers=THERE)
    assert file.status_code == 200
    assert file.headers["content-type"] == "text/html"
    policy = file.headers["content-security-policy"]
    assert f"connect-src http://localhost:8000{place} data: blob:" in policy
    assert "frame-ancestors 'self' http://127.0.0.1:8000" in policy
    part = await client.get(f"{place}sco/sco.js", headers={**THERE, "range": "bytes=0-3"})
    assert (part.status_code, len(part.content)) == (206, 4)
    assert "scorm12.min.js" in (await client.get(place, headers=THERE)).text
    for host, path in ((HERE, f"{place}sco/index.html"), (THERE, f"{place}none.html"), (THERE, "/package/x/y")):
        assert (await client.get(path, headers=host)).status_code == 404
