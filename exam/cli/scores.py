"""`ankao audit scores SITTING`: score a closed sitting again from the stored responses and the sealed forms."""

import asyncio
from pathlib import Path
from uuid import UUID

import msgspec
import rich_click as click

from exam.cli.context import command_runtime
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.delivery.api import AttemptState, list_attempts
from exam.sitting.api import get_sitting
from grading.api import find_unfaithful_scores

SCORED = frozenset({AttemptState.SCORED, AttemptState.RELEASED})


class ScoreProof(msgspec.Struct, frozen=True, kw_only=True):
    """How many attempts were scored again, and those whose stored score is another one."""

    sitting_id: UUID
    attempts: int
    unlike: tuple[UUID, ...]


async def check_scores(runtime: Runtime, sitting_id: UUID) -> ScoreProof:
    """Score every scored attempt of a sitting again, with the approved changes of its key.

    Raises SittingNotFoundError, and FormStillSealedError or FormsAwaitCustodiansError where the key is not to be had.
    """
    now = runtime.clock.now()
    async with runtime.databases.session(Scope(region=runtime.settings.root_region)) as session:
        sitting = await get_sitting(session, sitting_id)
        attempts = [each for each in await list_attempts(session, sitting.id, now=now) if each.state in SCORED]
        unlike = await find_unfaithful_scores(session, runtime, attempts, at=now)
    return ScoreProof(sitting_id=sitting.id, attempts=len(attempts), unlike=tuple(unlike))


async def _check(sitting: UUID, data_dir: Path | None) -> ScoreProof:
    async with command_runtime(data_dir) as runtime:
        return await check_scores(runtime, sitting)


@click.command()
@click.argument("sitting", type=click.UUID)
@click.option("--data-dir", type=click.Path(path_type=Path), default=None, help="Data directory of `ankao up` [var].")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def scores(sitting: UUID, data_dir: Path | None, *, as_json: bool) -> None:
    """Score every attempt of a SITTING again and compare it with what is stored; exit 1 where one differs."""
    proof = asyncio.run(_check(sitting, data_dir))
    if as_json:
        click.echo(msgspec.json.encode(proof).decode())
    else:
        click.echo(f"attempts  {proof.attempts}")
        for attempt in proof.unlike:
            click.echo(f"unlike    {attempt}")
        click.echo("every score is reproduced" if not proof.unlike else "scores do NOT agree", err=True)
    if proof.unlike:
        raise SystemExit(1)
