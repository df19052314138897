"""The main path over real processes: from the plan to a certificate that a stranger can verify (DESIGN.md §2)."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest

from exam.cli.demonstration.accounts import PASSWORD
from exam.cli.demonstration.province import enterprise_codes
from exam.cli.simulate import simulate
from exam.cli.simulation.judging import Judgement
from exam.cli.simulation.run import Order
from exam.cli.simulation.schemas import Report
from exam.delivery.api import list_attempts
from grading.api import find_unfaithful_scores
from tests.builders.secrecy import id_numbers
from tests.builders.web import PAGE, send
from tests.flows.installation import Installation
from tests.flows.sittings import ROOT, Played, Sat, people_of

pytestmark = pytest.mark.slow

ELECTRICIANS, OFFICERS = 14, 5
ITEMS = 100
SEED, OFFICERS_SEED = 40, 4
"""Three of these electricians know half of the bank and fail; most people of both groups know it well."""
SIMULATE_KEYS = {
    "candidates": int,
    "finished": int,
    "released": int,
    "passed": int,
    "credentials": int,
    "saves": int,
    "save_p50_ms": float,
    "save_p99_ms": float,
    "start_p99_ms": float,
    "errors": dict,
    "server_cpu_s": float,
    "wall_s": float,
}
JUDGE_KEYS = {"acked", "lost", "unexpected", "duplicate", "verdict"}
PATIENCE_S = 20
HEX = re.compile(rb"\\\\x((?:[0-9a-f]{2})+)")
"""A bytea as pg_dump writes it."""


@pytest.fixture(scope="module")
def printed(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Let electricians, whose exam has a practical part, sit by `ankao simulate`; return what it printed."""
    history = tmp_path_factory.mktemp("electricians") / "history"
    done = installation.ankao(
        "simulate", "--candidates", str(ELECTRICIANS), "--seed", str(SEED), "--history", str(history), "--json"
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout, history


@pytest.fixture(scope="module")
def electricians(printed: tuple[str, Path]) -> Played:
    report = msgspec.json.decode(printed[0], type=Report)
    return Played(qualification="special.1.2", seed=SEED, report=report, history=printed[1])


@pytest.fixture(scope="module")
def officers(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Let safety officers of an enterprise sit, whose exam is theory alone."""
    order = Order(
        url=installation.url,
        candidates=OFFICERS,
        qualification="officer.general",
        uscc=enterprise_codes()[0],
        seed=OFFICERS_SEED,
        history=tmp_path_factory.mktemp("officers") / "history",
    )
    report = asyncio.run(simulate(order, installation.data_dir, quiet=True))
    assert order.history is not None
    return Played(qualification=order.qualification, seed=order.seed, report=report, history=order.history)


@pytest.fixture(params=["electricians", "officers"])
def played(request: pytest.FixtureRequest) -> Played:
    """Give each exam in turn: with a practical part and without."""
    run: Played = request.getfixturevalue(request.param)
    return run


@pytest.fixture
async def browser(installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=installation.url, headers=PAGE, follow_redirects=True) as client:
        await client.get("/login")
        yield client


async def _people(installation: Installation, played: Played) -> list[Sat]:
    async with installation.runtime() as runtime:
        return await people_of(runtime, played)


def test_simulate_prints_one_object_with_the_keys_that_others_rely_on(printed: tuple[str, Path]) -> None:
    told = msgspec.json.decode(printed[0])
    assert {name: type(value) for name, value in told.items()} == SIMULATE_KEYS
    assert told["server_cpu_s"] > 0
    assert 0 < told["save_p50_ms"] <= told["save_p99_ms"]


def test_everybody_finishes_and_whoever_passed_every_part_holds_a_credential(played: Played) -> None:
    told = played.report
    assert told.errors == {}
    assert told.candidates == told.finished == told.released
    assert told.saves == told.candidates * ITEMS
    assert 0 < told.passed == told.credentials


def test_some_electricians_fail(electricians: Played) -> None:
    assert electricians.report.passed < ELECTRICIANS


async def test_credentials_are_exactly_those_of_who_passed(installation: Installation, played: Played) -> None:
    people = await _people(installation, played)
    assert [len(sat.credentials) for sat in people] == [int(sat.passed_everything) for sat in people]
    assert sum(sat.passed_everything for sat in people) == played.report.credentials
    parts = {"special.1.2": ["practical", "theory"], "officer.general": ["theory"]}[played.qualification]
    for sat in people:
        told = sorted(result.part for result in sat.results)
        assert told == (parts if sat.passed_everything else ["theory"])


async def test_scores_are_reproduced_from_stored_responses_and_forms(
    installation: Installation, played: Played
) -> None:
    sitting_id = (await _people(installation, played))[0].results[0].sitting_id
    async with installation.runtime() as runtime, runtime.databases.session(ROOT) as session:
        now = runtime.clock.now()
        attempts = await list_attempts(session, sitting_id, now=now)
        assert [attempt.state for attempt in attempts] == ["released"] * played.report.candidates
        assert {attempt.answered for attempt in attempts} == {ITEMS}
        assert await find_unfaithful_scores(session, runtime, attempts, at=now) == []


def test_the_judge_finds_nothing_lost_unexpected_or_twice(installation: Installation, played: Played) -> None:
    done = installation.ankao("judge", "--history", str(played.history), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert set(msgspec.json.decode(done.stdout)) >= JUDGE_KEYS
    judged = msgspec.json.decode(done.stdout, type=Judgement)
    assert (judged.lost, judged.unexpected, judged.duplicate, judged.verdict) == (0, 0, 0, "ok")
    assert (judged.acked, judged.broken_receipts) == (played.report.saves, 0)


def test_the_judge_names_an_answer_that_is_not_as_it_was_acknowledged(
    installation: Installation, electricians: Played, tmp_path: Path
) -> None:
    forged = tmp_path / "history"
    lines = electricians.history.read_bytes().splitlines(keepends=True)
    (place, *_) = (number for number, line in enumerate(lines) if b'"ok"' in line and b'["T"]' in line)
    lines[place] = lines[place].replace(b'["T"]', b'["F"]')
    forged.write_bytes(b"".join(lines))
    done = installation.ankao("judge", "--history", str(forged), "--json")
    judged = msgspec.json.decode(done.stdout, type=Judgement)
    assert (done.returncode, judged.lost, judged.unexpected, judged.verdict) == (1, 1, 1, "failed")


async def _enter_at_home(browser: httpx.AsyncClient, sat: Sat) -> str:
    await browser.get("/me/login")
    answer = await send(browser, "/me/login", {"ticket": f"AKT1.{sat.ticket}", "id_number": sat.id_number})
    assert (answer.status_code, answer.url.path) == (200, "/me")
    return answer.text


async def _certificate(browser: httpx.AsyncClient, sat: Sat) -> bytes:
    """Download the certificate as its holder; the file is made a moment after the issue."""
    (credential,) = sat.credentials
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await browser.get(f"/me/credentials/{credential.id}.pdf")
            if answer.status_code == 200:
                return answer.content
            await asyncio.sleep(0.2)


async def test_whoever_passed_finds_it_at_home_and_everybody_can_verify_it(
    installation: Installation, browser: httpx.AsyncClient, played: Played, tmp_path: Path
) -> None:
    sat = next(each for each in await _people(installation, played) if each.passed_everything)
    page = await _enter_at_home(browser, sat)
    (credential,), (number,) = sat.credentials, sat.numbers
    assert "全部科目合格" in page
    assert credential.number_masked in page
    assert sat.id_number not in page
    (tmp_path / "certificate.pdf").write_bytes(await _certificate(browser, sat))

    done = await asyncio.to_thread(installation.ankao, "verify", str(tmp_path / "certificate.pdf"), "--json")
    told = msgspec.json.decode(done.stdout)
    assert (done.returncode, told["valid"], told["status"], told["reasons"]) == (0, True, "valid", [])
    assert (told["number_masked"], told["file"], told["signature"]) == (
        credential.number_masked,
        "issued_copy",
        "good",
    )

    asked = await browser.post("/api/verify", json={"name": sat.name, "number": number}, headers={"accept": "*/*"})
    assert (asked.status_code, asked.json()["status"]) == (200, "valid")
    assert asked.json()["number_masked"] == credential.number_masked
    shown = await send(browser, "/query", {"name": sat.name, "number": number})
    assert "有效" in shown.text
    assert sat.name not in shown.text.replace(f'value="{sat.name}"', "")
    assert number not in shown.text


async def test_the_public_page_says_valid_for_the_code_on_the_certificate(
    installation: Installation, browser: httpx.AsyncClient, played: Played
) -> None:
    sat = next(each for each in await _people(installation, played) if each.passed_everything)
    async with asyncio.timeout(PATIENCE_S):
        while not (code := sat.credentials[0].qr_text):
            await asyncio.sleep(0.2)
            sat = next(each for each in await _people(installation, played) if each.passed_everything)
    shown = await send(browser, "/verify", {"code": code})
    assert shown.status_code == 200
    assert sat.credentials[0].number_masked in shown.text
    changed = await send(browser, "/verify", {"code": code[:-6] + ("A" if code[-6] != "A" else "B") + code[-5:]})
    assert sat.credentials[0].number_masked not in changed.text


async def test_whoever_failed_is_told_so_and_holds_nothing(
    installation: Installation, browser: httpx.AsyncClient, electricians: Played
) -> None:
    sat = next(each for each in await _people(installation, electricians) if not each.passed_everything)
    page = await _enter_at_home(browser, sat)
    assert "这次没有合格" in page
    asked = await browser.post(
        "/api/verify", json={"name": sat.name, "number": f"T{sat.id_number}"}, headers={"accept": "*/*"}
    )
    assert asked.json()["status"] == "not_found"


async def test_the_enterprise_finds_results_and_certificates_of_its_people(
    installation: Installation, browser: httpx.AsyncClient, officers: Played
) -> None:
    login = {"login": "enterprise", "password": PASSWORD, "next": "/enterprise/records"}
    page = await send(browser, "/login", login)
    assert page.url.path == "/enterprise/records"
    assert page.text.count("成绩公布") == OFFICERS
    assert page.text.count("证书签发") == officers.report.credentials
    people = await _people(installation, officers)
    assert [sat.id_number for sat in people if sat.id_number in page.text] == []


async def test_neither_logs_nor_a_dump_hold_anybody_s_id_number(
    installation: Installation, electricians: Played, officers: Played
) -> None:
    people = [*electricians.people, *officers.people]
    assert len(list(id_numbers(id_number.encode() for _, id_number in people))) == ELECTRICIANS + OFFICERS
    dump = await asyncio.to_thread(installation.dump)
    assert len(dump) > 1_000_000
    hidden = [bytes.fromhex(found.decode()) for found in HEX.findall(dump)]
    assert len(hidden) > 200
    assert list(id_numbers([dump, *hidden, installation.logs().encode()])) == []
