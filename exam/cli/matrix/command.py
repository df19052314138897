"""`ankao audit matrix`: run every attack against a scratch instance, and an honest run against false alarms."""

import asyncio
import tempfile
import time
from pathlib import Path

import msgspec
import rich_click as click

from exam.cli.matrix.attacks import ATTACKS, Attack, Prevented
from exam.cli.matrix.going import add_events
from exam.cli.matrix.laboratory import Instance, Laboratory
from exam.core.audit.folding import Difference
from exam.core.audit.standing import PATIENCE
from exam.core.log import configure_logging

REVOKED, REVOKED_EVERY = 2, 5_000
"""Revocations of an honest run: how many at least, and entries for each in a longer one."""

PAUSE = 4
"""Each look reads the whole log again: between two the monitor rests so many times as long as it has looked."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one attack: `by` names who noticed, `seconds` how long it took."""

    id: int
    name: str
    detected: bool
    by: str
    seconds: float


class _Clean(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the honest run."""

    raised: list[str]
    seconds: float
    looks: int


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """The whole run; `false_alarms` counts those of an honest run over `clean_events` entries."""

    attacks: list[Outcome]
    false_alarms: int
    raised: list[str]
    """The kinds of the false alarms, with what each was about."""
    clean_events: int
    clean_s: float
    """Seconds that the honest run took, and how often the monitor looked in them."""
    looks: int
    interval_s: float


@click.command()
@click.option("--events", default=2_000, help="Entries of the honest run; a release is tried with 100,000.")
@click.option("--interval", "interval_s", default=1.0, type=click.FloatRange(0.1, 60), help="Seconds between heads.")
@click.option("--only", default="", help="Numbers of attacks, with commas.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def matrix(events: int, interval_s: float, only: str, *, as_json: bool) -> None:
    """Attack scratch instances as database superuser and as root; every attack must be noticed."""
    configure_logging(level=50)
    wanted = {int(number) for number in only.split(",") if number}
    attacks = [each for each in ATTACKS if not wanted or each.id in wanted]
    with tempfile.TemporaryDirectory(prefix="ankao-m-") as folder:
        found = asyncio.run(run_matrix(Path(folder), attacks, events=events, interval_s=interval_s))
    click.echo(msgspec.json.encode(found).decode() if as_json else _in_words(found))
    sound = all(each.detected for each in found.attacks) and not found.false_alarms
    raise SystemExit(0 if sound else 1)


async def run_matrix(folder: Path, attacks: list[Attack], *, events: int, interval_s: float) -> Matrix:
    """Run attacks in their order, each on a copy of one honest history."""
    laboratory = Laboratory(folder, interval_s=interval_s, spare=max(REVOKED, events // REVOKED_EVERY))
    try:
        await laboratory.prepare()
        async with laboratory.instance() as honest:
            clean = await _clean_run(honest, events)
        outcomes = []
        for attack in attacks:
            async with laboratory.instance() as instance:
                outcomes.append(await _try(attack, instance))
    finally:
        laboratory.stop()
    outcomes.sort(key=lambda each: each.id)
    return Matrix(
        attacks=outcomes,
        false_alarms=len(clean.raised),
        raised=clean.raised,
        clean_events=events,
        clean_s=clean.seconds,
        looks=clean.looks,
        interval_s=interval_s,
    )


async def _clean_run(honest: Instance, events: int) -> _Clean:
    """Go on honestly while the monitor looks, and see what alarms it raises."""
    interval_s, begun, looks = honest.settings.checkpoint_interval_s, time.monotonic(), 0
    working = asyncio.create_task(add_events(honest.runtime, honest.history, events, revoked=honest.history.spare))
    alarms: list[Difference] = []
    while not working.done():
        looking, looks = time.monotonic(), looks + 1
        alarms += (await honest.monitor(patience=PATIENCE).look()).alarms
        await asyncio.wait([working], timeout=max(interval_s, PAUSE * (time.monotonic() - looking)))
    await working
    await asyncio.sleep(2 * interval_s)
    alarms += (await honest.monitor(patience=PATIENCE).look()).alarms
    raised = [f"{each.code}: {each.subject}" for each in alarms]
    return _Clean(raised=raised, seconds=round(time.monotonic() - begun, 2), looks=looks + 1)


async def _try(attack: Attack, instance: Instance) -> Outcome:
    begun = time.monotonic()
    try:
        source = await attack.run(instance)
    except Prevented as prevented:
        seconds = time.monotonic() - begun
        return Outcome(id=attack.id, name=attack.name, detected=True, by=str(prevented), seconds=round(seconds, 2))
    except FileNotFoundError as missing:
        return Outcome(id=attack.id, name=attack.name, detected=False, by=f"not tried: {missing} is missing", seconds=0)
    seconds, seen = await instance.alarms_until(attack.alarm, source)
    detected = bool(attack.alarm) and attack.alarm in seen
    by = f"monitor: {attack.alarm}" if detected else f"nobody ({', '.join(sorted(seen)) or 'no alarm'})"
    return Outcome(id=attack.id, name=attack.name, detected=detected, by=by, seconds=round(seconds, 2))


def _in_words(found: Matrix) -> str:
    lines = [
        f"{each.id:2} {'发现' if each.detected else '未发现'} {each.seconds:6.2f} s  {each.name}  {each.by}"
        for each in found.attacks
    ]
    return "\n".join(
        [
            *lines,
            f"正常运行 {found.clean_events} 条,{found.clean_s} 秒,监视 {found.looks} 次,误报 {found.false_alarms} 次",
            *found.raised,
        ]
    )
