"""`ankao audit draw SITTING`: deal every form of a closed sitting again from the revealed seed."""

import asyncio
from pathlib import Path
from uuid import UUID

import msgspec
import rich_click as click
from sqlalchemy import select

from exam.cli.context import command_runtime
from exam.core.audit.folding import read_leaf
from exam.core.audit.ledger import AuditRow
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from questionbank.api import COMMITTED, PREPARED, DrawProof, Fault, prove_draw, read_record


async def check_draw(runtime: Runtime, sitting_id: UUID) -> DrawProof:
    """Return the proof of a draw, its commitments compared with those that the ledger took before the sitting."""
    scope = Scope(region=runtime.settings.root_region)
    async with runtime.databases.session(scope, Role.BANK) as bank:
        proof = await prove_draw(bank, runtime, sitting_id)
    prepared = select(AuditRow.leaf).where(
        AuditRow.subject_kind == "sitting", AuditRow.subject == str(sitting_id), AuditRow.act == PREPARED
    )
    async with runtime.databases.session(scope) as session:
        leaves = list(await session.scalars(prepared))
    logged = read_record(sitting_id, [read_leaf(number, leaf) for number, leaf in enumerate(leaves)])
    if logged is None or logged.faults or any(getattr(logged, name) != getattr(proof, name) for name in COMMITTED):
        proof = msgspec.structs.replace(proof, faults=(*proof.faults, Fault(what="ledger")))
    return proof


async def _check(sitting: UUID, data_dir: Path | None) -> DrawProof:
    async with command_runtime(data_dir) as runtime:
        return await check_draw(runtime, sitting)


@click.command()
@click.argument("sitting", type=click.UUID)
@click.option("--data-dir", type=click.Path(path_type=Path), default=None, help="Data directory of `ankao up` [var].")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def draw(sitting: UUID, data_dir: Path | None, *, as_json: bool) -> None:
    """Deal every form of a closed SITTING again and compare it with what was committed to before; exit 1 on a fault."""
    proof = asyncio.run(_check(sitting, data_dir))
    if as_json:
        click.echo(msgspec.json.encode(proof).decode())
    else:
        for name in (*COMMITTED[:4], "seed", "rounds", "forms"):
            click.echo(f"{name:17} {getattr(proof, name)}")
        for fault in proof.faults:
            click.echo(f"fault             {fault.what} {fault.key}".rstrip())
        click.echo("every form is as it was committed to" if not proof.faults else "the draw does NOT agree", err=True)
    if proof.faults:
        raise SystemExit(1)
