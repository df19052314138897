"""Practice over HTTP: no key before the answer, the books, a mock of the live blueprint, everybody's own."""

from datetime import timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.training.classes.views import EnrolmentView
from exam.training.practice.models import Mock, MockResponse, PracticeAnswer
from exam.training.practice.records import load_answered
from questionbank.api import Interaction, list_practice_pool
from questionbank.items.reviewing import act_on_items
from questionbank.items.state import ItemAct
from questionbank.practice.pool import get_practice_contents
from tests.builders.questionbank import publish_canary_bank
from tests.builders.training import OFFICER, learner_cookie, make_class, make_learner, make_programme, make_school
from tests.builders.web import browsing, send, wear

EACH = 12


class Practice:
    """A learner, and a bank whose explanations, bases and text keys hold tokens; half of it is open for practice."""

    def __init__(self, learner: EnrolmentView, other: EnrolmentView, tokens: list[str]) -> None:
        self.learner, self.other, self.tokens = learner, other, tokens

    @property
    def home(self) -> str:
        return f"/learn/practice/{self.learner.id}"

    @property
    def scope(self) -> Scope:
        return Scope(person=self.learner.person_id)

    def leaks(self, page: str) -> list[str]:
        return [token for token in self.tokens if token in page]


@pytest.fixture
async def practice(runtime: Runtime) -> Practice:
    bank, tokens = await publish_canary_bank(runtime, qualification=OFFICER, each=EACH)
    released = [
        item
        for place, kind in enumerate(Interaction)
        if kind is not Interaction.EXTENDED_TEXT  # nobody marks it in practice
        for item in bank.item_ids[EACH * place : EACH * place + EACH // 2]
    ]
    async with runtime.databases.transaction(Scope(region="33"), Role.BANK) as session:
        await act_on_items(session, bank.makers.publisher, ItemAct.RELEASED, released, at=runtime.clock.now())
    school = await make_school(runtime)
    await make_programme(runtime, school)
    class_id = await make_class(runtime, school)
    learners = [await make_learner(runtime, school, class_id, number=number) for number in (1, 2)]
    return Practice(learners[0], learners[1], tokens)


async def versions(runtime: Runtime, practice: Practice) -> dict[str, str]:
    """Return a released version of each interaction."""
    async with runtime.databases.session(practice.scope) as session:
        pool = await list_practice_pool(session, OFFICER, practice.learner.region)
    return {item.interaction.value: item.version for item in pool}


async def enter(client: AsyncClient, runtime: Runtime, who: EnrolmentView) -> AsyncClient:
    return wear(client, await learner_cookie(runtime, who))


async def choose(client: AsyncClient, practice: Practice, version: str, *labels: str) -> Response:
    form = {"_csrf_token": client.cookies["csrftoken"], "version": version, "choice": list(labels)}
    return await client.post(f"{practice.home}/answer", data=form)


async def test_an_answer_is_explained_only_once_it_was_given(runtime: Runtime, practice: Practice) -> None:
    wanted = (await versions(runtime, practice))["multiple"]
    async with browsing(runtime) as client:
        await enter(client, runtime, practice.learner)
        asked = await client.get(f"{practice.home}/question?version={wanted}")
        blank = await send(client, f"{practice.home}/answer", {"version": wanted})
        told = await choose(client, practice, wanted, "A", "B")
        after = await client.get(told.headers["location"])
        book = await client.get(f"{practice.home}/book?mode=wrong")
        again = await choose(client, practice, wanted, "C", "A")
        right = await client.get(again.headers["location"])
        empty = await client.get(f"{practice.home}/book?mode=wrong")
    assert practice.leaks(asked.text + blank.text + book.text) == []
    assert (blank.status_code, told.status_code) == (400, 303)
    assert "请先作答" in blank.text
    assert "答错了" in after.text
    assert len(practice.leaks(after.text)) == 1
    assert wanted in book.text
    assert "答对了" in right.text
    assert wanted not in empty.text


async def test_steps_are_answered_in_their_order(runtime: Runtime, practice: Practice) -> None:
    wanted = (await versions(runtime, practice))["order"]
    async with runtime.databases.session(practice.scope) as session:
        key = (await get_practice_contents(session, [wanted]))[wanted].key
    async with browsing(runtime) as client:
        await enter(client, runtime, practice.learner)
        asked = await client.get(f"{practice.home}/question?version={wanted}")
        wrong = await client.get((await choose(client, practice, wanted, *reversed(key))).headers["location"])
        right = await client.get((await choose(client, practice, wanted, *key)).headers["location"])
    assert (asked.text.count("<select"), asked.text.count("第 4 步")) == (len(key), 1)
    assert (asked.text.count('<img class="item-figure'), asked.text.count("<audio"), "[图片]" in asked.text) == (
        1,
        1,
        True,
    )
    assert ("<math" in asked.text, "<math" in right.text) == (False, True)
    assert "〔" not in asked.text + right.text
    assert ("答错了" in wrong.text, "答对了" in right.text) == (True, True)
    assert f"1. {'<img' if key[0] == 'A' else key[0]}" in right.text


async def test_places_of_a_photo_and_questions_of_a_case_are_answered(runtime: Runtime, practice: Practice) -> None:
    wanted = await versions(runtime, practice)
    async with runtime.databases.session(practice.scope) as session:
        case = (await get_practice_contents(session, [wanted["case"]]))[wanted["case"]]
    async with browsing(runtime) as client:
        await enter(client, runtime, practice.learner)
        asked = [
            (await client.get(f"{practice.home}/question?version={wanted[kind]}")).text for kind in ("hotspot", "case")
        ]
        found = await client.get(
            (await choose(client, practice, wanted["hotspot"], "20,20", "80,40", "110,65")).headers["location"]
        )
        right = await client.get((await choose(client, practice, wanted["case"], *case.key)).headers["location"])
    assert ('data-points="3"' in asked[0], asked[1].count('name="choice"')) == (True, 5)
    assert practice.leaks("".join(asked)) == []
    assert ("答对了" in found.text, found.text.count("<polygon")) == (True, 1)
    assert "答对了" in right.text


async def test_favourites_are_kept_and_let_go(runtime: Runtime, practice: Practice) -> None:
    wanted = (await versions(runtime, practice))["text_entry"]
    async with browsing(runtime) as client:
        await enter(client, runtime, practice.learner)
        told = await send(client, f"{practice.home}/answer", {"version": wanted, "text": "不知道"})
        place = told.headers["location"].partition("?")[0]
        await send(client, f"{place}/favourite", {"kept": "1"})
        kept = await client.get(f"{practice.home}/book?mode=favourite")
        await send(client, f"{place}/favourite", {"kept": ""})
        gone = await client.get(f"{practice.home}/book?mode=favourite")
    assert (wanted in kept.text, wanted in gone.text) == (True, False)


async def test_home_says_how_ready_one_is_and_nobody_else_sees_it(runtime: Runtime, practice: Practice) -> None:
    wanted = (await versions(runtime, practice))["judgement"]
    async with browsing(runtime) as client:
        await enter(client, runtime, practice.learner)
        told = await send(client, f"{practice.home}/answer", {"version": wanted, "choice": "T"})
        home = await client.get(practice.home)
        unknown = await client.get(f"{practice.home}/question?mode=all")
    async with browsing(runtime) as client:
        await enter(client, runtime, practice.other)
        assert (await client.get(practice.home)).status_code == 404
        assert (await client.get(told.headers["location"])).status_code == 404
    assert home.status_code == 200
    assert "估计答对" in home.text
    assert "9 题、30 分钟" not in home.text  # the canary bank asks for text entry as well
    assert "11 题、30 分钟" in home.text
    assert unknown.status_code == 400


async def start(client: AsyncClient, practice: Practice) -> UUID:
    answer = await send(client, f"{practice.home}/mocks", {})
    assert answer.status_code == 303
    return UUID(answer.headers["location"].rpartition("/")[2])


async def call(client: AsyncClient, path: str, body: object) -> dict[str, object]:
    token = client.cookies.get("csrftoken") or ""
    answer = await client.post(path, json=body, headers={"x-csrftoken": token})
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


async def test_a_mock_is_scored_as_an_exam_and_feeds_the_books(runtime: Runtime, practice: Practice) -> None:
    async with browsing(runtime) as client:
        await enter(client, runtime, practice.learner)
        mock = await start(client, practice)
        page, api = await client.get(f"/learn/mocks/{mock}"), f"/api/learn/mocks/{mock}"
        begun = await call(client, f"{api}/start", {})
        form = begun["form"]
        assert isinstance(form, dict)
        judged = [slot["slot"] for slot in form["slots"] if slot["interaction"] == "judgement"]
        saves = [{"slot": slot, "seq": seq, "response": ["T"]} for seq, slot in enumerate(judged, 1)]
        saved = await call(client, f"{api}/responses", {"saves": [*saves, {"slot": 99, "seq": 50, "response": ["T"]}]})
        again = await call(client, f"{api}/responses", {"saves": saves[:1]})
        other = await call(client, f"{api}/responses", {"saves": [{**saves[0], "response": ["F"]}]})
        stored = (await client.get(f"{api}/responses")).json()
        early = await client.get(f"/learn/practice/mocks/{mock}")
        await call(client, f"{api}/submit", {"answered": len(judged)})
        await call(client, f"{api}/submit", {"answered": len(judged)})
        review = await client.get(f"/learn/practice/mocks/{mock}")
        late = await call(client, f"{api}/responses", {"saves": [{"slot": 1, "seq": 90, "response": ["F"]}]})
    assert practice.leaks(page.text + str(begun) + str(stored) + early.text) == []
    assert isinstance(saved["accepted"], list)
    assert [len(saved["accepted"]), saved["refused"]] == [
        len(judged),
        [{"slot": 99, "seq": 50, "code": "response_invalid"}],
    ]
    assert isinstance(again["accepted"], list)
    assert (len(again["accepted"]), other["accepted"]) == (1, [])  # by a number that another answer has
    assert early.status_code == 303
    assert late["accepted"] == []
    assert len(practice.leaks(review.text)) >= len(form["slots"])
    async with runtime.databases.session(practice.scope) as session:
        row = await session.get_one(Mock, mock)
        right = await session.scalar(select(func.count()).where(PracticeAnswer.mock_id == mock, PracticeAnswer.correct))
        answers = await session.scalar(select(func.count()).where(PracticeAnswer.mock_id == mock))
        known = await load_answered(session, practice.learner.person_id, OFFICER)
    assert len(known) == len(judged)  # what was left open is not among the wrong answers
    assert (row.marks, answers) == ((right or 0) * 100, len(form["slots"]))


async def test_time_ends_a_mock_in_service_and_database(
    runtime: Runtime, clock: FrozenClock, practice: Practice
) -> None:
    async with browsing(runtime) as client:
        await enter(client, runtime, practice.learner)
        mock = await start(client, practice)
        assert await start(client, practice) == mock  # one at a time
        api = f"/api/learn/mocks/{mock}"
        for minutes in (20, 11):  # the page's polls keep the session open
            clock.advance(timedelta(minutes=minutes))
            assert (await client.get(f"{api}/state")).json()["state"] == "in_progress"
        late = await call(client, f"{api}/responses", {"saves": [{"slot": 1, "seq": 1, "response": ["T"]}]})
        review = await client.get(f"/learn/practice/mocks/{mock}")
    assert late["accepted"] == []
    assert review.status_code == 200
    late_row = {"mock_id": mock, "person_id": practice.learner.person_id, "region": practice.learner.region}
    async with runtime.databases.session(practice.scope) as session:
        session.add(MockResponse(**late_row, slot=1, seq=1, response=["T"], at=clock.now()))
        with pytest.raises(DBAPIError, match="takes no more answers"):
            await session.flush()
    async with runtime.databases.session(practice.scope) as session:
        with pytest.raises(DBAPIError, match="is fixed"):
            await session.execute(update(Mock).values(marks=0))


async def test_practice_is_only_added_to_and_stays_in_its_region(runtime: Runtime, practice: Practice) -> None:
    wanted = (await versions(runtime, practice))["judgement"]
    async with browsing(runtime) as client:
        await enter(client, runtime, practice.learner)
        await send(client, f"{practice.home}/answer", {"version": wanted, "choice": "T"})
    async with runtime.databases.session(practice.scope) as session:
        with pytest.raises(DBAPIError):
            await session.execute(text("update training_practice_answer set correct = true"))
    for scope, seen in ((Scope(region="33"), 1), (Scope(region="32"), 0), (Scope(person=practice.other.person_id), 0)):
        async with runtime.databases.session(scope) as session:
            assert await session.scalar(select(func.count()).select_from(PracticeAnswer)) == seen
