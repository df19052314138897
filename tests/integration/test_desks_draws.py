"""The draw to the world: committed to before the exam, revealed afterwards, and checked by whoever likes."""

import subprocess
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import msgspec
import pytest
from httpx import AsyncClient

from exam.cli.log_proof import check_proof_file
from exam.core.clock import FrozenClock, local_date
from exam.core.config import Settings
from exam.core.ids import new_id
from exam.core.runtime import Runtime
from tests.builders.grading import Examined, close_and_score, examined
from tests.builders.log import signing
from tests.integration.test_log_signing import as_superuser


@pytest.fixture
async def exam(runtime: Runtime, clock: FrozenClock) -> Examined:
    return await examined(runtime, clock, right=[9, 8])


async def signed(runtime: Runtime) -> None:
    async with signing(runtime) as log:
        await log.turn()


async def over(runtime: Runtime, exam: Examined) -> None:
    await close_and_score(runtime, exam)
    await signed(runtime)


async def told(client: AsyncClient, sitting_id: UUID) -> dict[str, Any]:
    answer = await client.get(f"/api/draws/{sitting_id}")
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=dict[str, Any])


async def test_before_the_close_the_commitments_are_public_and_the_seed_is_not(
    exam: Examined, runtime: Runtime, client: AsyncClient
) -> None:
    page = (await client.get(f"/draws/{exam.sitting_id}")).text
    assert "等待入日志" in page
    assert "承诺已在开考前公布" not in page
    await signed(runtime)
    page = (await client.get(f"/draws/{exam.sitting_id}")).text
    assert "承诺已在开考前公布" in page
    assert "日志第" in page
    record = (await told(client, exam.sitting_id))["record"]
    assert record["revealed"] is None
    assert record["seed_commitment"] in page
    listed = (await client.get("/draws")).text
    assert f'/draws/{exam.sitting_id}"' in listed


async def test_the_revealed_seed_opens_the_commitment_by_the_command_on_the_page(
    exam: Examined, runtime: Runtime, client: AsyncClient
) -> None:
    await over(runtime, exam)
    page = (await client.get(f"/draws/{exam.sitting_id}")).text
    record = (await told(client, exam.sitting_id))["record"]
    assert "与开考前的承诺相符" in page
    command = unescape(page.split('<pre class="leaf">')[1].split("</pre>")[0])
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)  # noqa: ASYNC221
    assert done.stdout.split()[0] == record["seed_commitment"]


async def test_every_entry_hands_out_a_proof_that_checks_without_us(
    exam: Examined, runtime: Runtime, client: AsyncClient, settings: Settings
) -> None:
    await over(runtime, exam)
    policy = settings.data_dir / "pinned-policy"
    policy.write_bytes((await client.get("/log/policy")).content)
    draw = await told(client, exam.sitting_id)
    assert len(draw["log"]) == 2
    for entry in draw["log"]:
        file = await client.get(f"/draws/{exam.sitting_id}/proofs/{entry}")
        checked = check_proof_file(file.content, policy)
        assert checked.valid
        assert str(exam.sitting_id).encode() in bytes(checked.entry)
    assert (await client.get(f"/draws/{exam.sitting_id}/proofs/{new_id()}")).status_code == 404
    assert (await client.get(f"/draws/{new_id()}/proofs/{entry}")).status_code == 404


_SEVENTY = """
do $$ declare names text; begin
  select string_agg(quote_ident(column_name), ', ') into names from information_schema.columns
  where table_name = 'sitting_sitting' and column_name <> 'id';
  execute format('insert into sitting_sitting (id, %1$s) select gen_random_uuid(), %1$s
    from sitting_sitting, generate_series(1, 69)', names);
end $$
"""

_CHANGE = (
    "update core_audit_entry set leaf = convert_to(replace(convert_from(leaf, 'utf8'), facts ->> '{fact}',"
    " repeat('0', 64)), 'utf8') where act = '{act}'"
)
TAMPERED = {
    "another seed": (
        _CHANGE.format(fact="seed", act="forms.seed_revealed"),
        "公布的种子与开考前的承诺不符",
    ),
    "a changed entry": (
        _CHANGE.format(fact="pool_digest", act="forms.prepared"),
        "日志证明不成立",
    ),
    "a commitment after the start": (
        "update sitting_sitting set starts_at = starts_at - interval '1 year'",
        "第一次承诺晚于开考时间",
    ),
}


@pytest.mark.parametrize("change", TAMPERED)
async def test_what_speaks_against_a_draw_is_said(
    exam: Examined, runtime: Runtime, client: AsyncClient, settings: Settings, change: str
) -> None:
    statement, said = TAMPERED[change]
    await over(runtime, exam)
    as_superuser(settings, statement)
    page = (await client.get(f"/draws/{exam.sitting_id}")).text
    assert said in page
    assert "与开考前的承诺相符" not in page


@pytest.mark.usefixtures("exam")
async def test_nothing_but_sittings_with_forms_is_told(client: AsyncClient, settings: Settings) -> None:
    as_superuser(settings, "update sitting_sitting set forms_ready = false")
    assert "没有符合的场次" in (await client.get("/draws")).text
    assert (await client.get(f"/draws/{new_id()}")).status_code == 404
    assert (await client.get("/draws/1234")).status_code == 404
    for day in ("gestern", "9999-12-31"):
        answer = await client.get(f"/draws?day={day}")
        assert (answer.status_code, "日期写成" in answer.text) == (400, True)


@pytest.mark.usefixtures("exam")
async def test_the_list_ends_with_a_day_and_goes_on_where_it_ended(
    client: AsyncClient, settings: Settings, clock: FrozenClock
) -> None:
    as_superuser(settings, _SEVENTY)
    seen: set[str] = set()
    query = ""
    for count in (30, 30, 10):
        page = msgspec.json.decode((await client.get(f"/api/draws{query}")).content)
        assert len(page["sittings"]) == count
        seen |= {each["sitting_id"] for each in page["sittings"]}
        query = f"?before={page['before']}&below={page['below']}".replace("+", "%2B")
    today = local_date(clock.now())
    assert "更早的场次" in (await client.get(f"/draws?day={today}")).text
    assert "没有符合的场次" in (await client.get(f"/draws?day={today - timedelta(days=1)}")).text
    assert len(seen) == 70
    assert page["before"] is None


async def test_a_flood_is_turned_away(exam: Examined, client: AsyncClient) -> None:
    answers = [(await client.get(f"/api/draws/{exam.sitting_id}")).status_code for _ in range(62)]
    assert answers.count(200) == 60
    assert answers[-1] == 429
