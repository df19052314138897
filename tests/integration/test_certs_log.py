"""A certificate and the log: what was never logged, or was logged otherwise, does not verify."""

from datetime import timedelta

import psycopg
import pytest
from httpx import AsyncClient

from certs.api import list_withheld
from certs.jobs import reconsider
from exam.core.audit.policy import parse_policy
from exam.core.audit.proof import check_proof, parse_proof
from exam.core.clock import FrozenClock
from exam.core.config import Settings
from exam.core.runtime import Runtime
from tests.builders.certs import ROOT, Certified, certified, credentials, make_authority, pass_practical, theory_passed
from tests.builders.grading import work_off
from tests.builders.log import signing
from tests.builders.web import browsing, send
from tests.integration.test_log_signing import as_superuser


@pytest.fixture
async def holder(runtime: Runtime, clock: FrozenClock) -> Certified:
    return await certified(runtime, clock)


async def signed(runtime: Runtime) -> None:
    async with signing(runtime) as log:
        await log.turn()


async def verify(client: AsyncClient, holder: Certified) -> tuple[str, str]:
    """Return the verdict for programs and the page for people."""
    said = (await client.post("/api/verify", json={"qr": holder.qr_text})).json()
    page = (await send(client, "/verify", {"code": holder.qr_text})).text
    return said["status"], page


async def test_a_logged_certificate_is_proved_and_hands_out_its_proof(holder: Certified, runtime: Runtime) -> None:
    async with browsing(runtime) as client:
        assert "还没有入日志" in (await verify(client, holder))[1]
        assert (await client.get(f"/verify/proof/{holder.public_id}")).status_code == 404
        await signed(runtime)
        status, page = await verify(client, holder)
        assert status == "valid"
        assert "已入审计日志" in page
        proof = parse_proof((await client.get(f"/verify/proof/{holder.public_id}")).content)
        assert proof.leaf is not None
        assert b'"act":"credential.issued"' in proof.leaf
        assert "张三".encode() not in proof.leaf
        check_proof(proof, proof.leaf, parse_policy((await client.get("/log/policy")).text))


async def test_an_issue_that_the_log_passes_over_does_not_verify(
    holder: Certified, runtime: Runtime, settings: Settings, clock: FrozenClock
) -> None:
    await signed(runtime)
    with psycopg.connect(settings.database_url) as connection:
        connection.execute("set session_replication_role = replica")
        query = "delete from core_log_leaf where entry_id in (select audit_id from certs_credential_event)"
        connection.execute(query)
    async with browsing(runtime) as client:
        assert (await verify(client, holder))[0] == "valid"
        clock.advance(timedelta(minutes=3))
        status, page = await verify(client, holder)
    assert status == "unproven"
    assert "审计日志不能证明" in page


async def test_an_issue_that_the_log_knows_otherwise_does_not_verify(
    holder: Certified, runtime: Runtime, settings: Settings
) -> None:
    await signed(runtime)
    as_superuser(
        settings,
        "update core_audit_entry set leaf = convert_to(replace(convert_from(leaf, 'UTF8'), '2032', '2042'), 'UTF8')"
        " where act = 'credential.issued'",
    )
    async with browsing(runtime) as client:
        status, page = await verify(client, holder)
    assert status == "unproven"
    assert "审计日志不能证明" in page


async def test_nothing_is_issued_while_the_database_is_behind_the_signed_log(
    runtime: Runtime, settings: Settings, clock: FrozenClock
) -> None:
    """TRUST.md E6: yesterday's backup runs; once the entries are back the credential is issued."""
    await make_authority(runtime)
    exam = await theory_passed(runtime, clock)
    await signed(runtime)
    as_superuser(
        settings,
        "create table kept as select * from core_log_leaf",
        "delete from core_log_leaf where index > 3",
    )
    await pass_practical(runtime, exam)
    await work_off(runtime)
    person = exam.registrations[0].person_id
    assert await credentials(runtime, person) == []
    async with runtime.databases.session(ROOT) as session:
        assert [each.reason for each in await list_withheld(session)] == ["log_behind"]
    as_superuser(settings, "insert into core_log_leaf select * from kept where index > 3", "drop table kept")
    await reconsider(runtime)
    assert len(await credentials(runtime, person)) == 1
