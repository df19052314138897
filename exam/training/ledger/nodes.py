"""How far a person's hours cover the programme in force: what counts towards its total, and what is missing by node.

An hour beyond what a node asks for does not stand in for another node's.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.training.kinds import TrainingKind
from exam.training.ledger.entries import HoursEntry, list_hours, sum_by_node
from exam.training.ledger.evidence import PRACTICE, THEORY
from exam.training.ledger.rules import hundredths
from exam.training.programmes.service import NodeHours, find_programme

WHOLE = ("", "")
"""The key of hours that were attested without saying of which node."""


class HoursGap(msgspec.Struct, frozen=True, kw_only=True):
    """What is missing of one node's theory or practice, in hundredths of an hour."""

    code: str
    title: str
    part: str
    hours: int


class NodeStanding(msgspec.Struct, frozen=True, kw_only=True):
    """One node of a programme: done and asked for, in hundredths of an hour."""

    code: str
    title: str
    part: str
    done: int
    asked: int


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """Hours that count, in hundredths, with the programme's nodes; without a programme every hour counts.

    `gaps` is empty where hours were attested as a whole: nobody can say which nodes they were of.
    """

    hours: int
    nodes: tuple[NodeStanding, ...] = ()
    gaps: tuple[HoursGap, ...] = ()


async def cover_programme(
    session: AsyncSession, person_id: UUID, qualification: str, kind: str, *, on: date
) -> Coverage:
    """Return how far a person's hours of all regions cover the programme in force, as `counting_on` a Shanghai date."""
    programme = await find_programme(session, qualification, kind)
    entries = counting_on(await list_hours(session, person_id, qualification), on)
    return coverage_of(entries, kind, programme.nodes if programme else ())


YEARS_BACK = {TrainingKind.CONTINUING: 0, TrainingKind.REVIEW: 1}
"""Yearly training is asked for anew each year, and before each review, three years apart at least: older hours do not count."""


def counting_on(entries: Iterable[HoursEntry], day: date) -> list[HoursEntry]:
    """Return the entries that count on a Shanghai date; pure.

    What was studied counts for the year in which its class began, and for no earlier one; what was attested on paper may
    come late.
    """
    return [entry for entry in entries if _counts(entry, day.year)]


def _counts(entry: HoursEntry, year: int) -> bool:
    back = YEARS_BACK.get(TrainingKind(entry.kind))
    if back is None:
        return True
    if entry.begun_on is None:
        return year - back <= local_date(entry.recorded_at).year
    return year - back <= entry.begun_on.year <= year


def coverage_of(entries: Iterable[HoursEntry], kind: str, nodes: Sequence[NodeHours]) -> Coverage:
    """Return how far entries of one kind cover nodes; pure. What no node asks for counts: programmes change."""
    done = sum_by_node(entries, kind)
    asked = {
        (node.code, part): (node, seconds)
        for node in nodes
        for part, seconds in ((THEORY, node.theory_s), (PRACTICE, node.practice_s))
        if seconds
    }
    counted = sum(min(seconds, asked[key][1]) if key in asked else seconds for key, seconds in done.items())
    standings = tuple(_standing(node, part, done, seconds) for (_, part), (node, seconds) in asked.items())
    gaps = () if done.get(WHOLE, 0) > 0 else tuple(_gap(each) for each in standings if each.done < each.asked)
    return Coverage(hours=hundredths(counted), nodes=standings, gaps=gaps)


def _standing(node: NodeHours, part: str, done: Mapping[tuple[str, str], int], asked: int) -> NodeStanding:
    return NodeStanding(
        code=node.code,
        title=node.title,
        part=part,
        done=hundredths(max(done.get((node.code, part), 0), 0)),
        asked=hundredths(asked),
    )


def _gap(each: NodeStanding) -> HoursGap:
    return HoursGap(code=each.code, title=each.title, part=each.part, hours=each.asked - each.done)
