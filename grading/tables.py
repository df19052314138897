"""What the results page shows: one row per registration, figures, and the distribution of marks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.delivery.api import AttemptView, list_attempts
from exam.identity.api import list_people
from exam.sitting.api import RegistrationView, list_registrations
from grading.release import Standing, standing_of
from grading.scoring import percent_of
from grading.verdict import Part
from grading.views import ResultView, list_results

BUCKET = 1000
BUCKETS = 10
BAR_HEIGHT = 120


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One registration; who has no attempt, or one that never began, was absent (缺考)."""

    registration: RegistrationView
    name: str
    id_masked: str
    attempt: AttemptView | None
    theory: ResultView | None
    practical: ResultView | None

    @property
    def is_absent(self) -> bool:
        return self.attempt is None or self.attempt.never_began

    @property
    def is_voided(self) -> bool:
        return self.attempt is not None and self.attempt.state == "voided"

    @property
    def is_held(self) -> bool:
        return self.attempt is not None and self.attempt.holds > 0


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One bar of the distribution: candidates with marks from `low` to below `high` (the last one includes 100)."""

    low: int
    high: int
    count: int
    height: int
    passes: bool


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A sitting's results."""

    rows: list[Row]
    standing: Standing
    bars: list[Bar]
    absent: int
    taken: int
    passed: int
    mean: int | None

    @property
    def pass_percent(self) -> int | None:
        """Share of passes among the scored, rounded half up."""
        return percent_of(self.passed, self.taken) if self.taken else None


async def build_table(session: AsyncSession, sitting_id: UUID, *, now: datetime) -> Table:
    """Return the table of a sitting as it stands."""
    registrations = await list_registrations(session, sitting_id)
    attempts = await list_attempts(session, sitting_id, now=now)
    results = await list_results(session, sitting_id)
    people = await list_people(session, [each.person_id for each in registrations])
    by_registration = {each.registration_id: each for each in attempts}
    rows = []
    for each in registrations:
        own = [result for result in results if result.registration_id == each.id]
        person = people.get(each.person_id)
        rows.append(
            Row(
                registration=each,
                name=person.name if person else "—",
                id_masked=person.id_masked if person else "—",
                attempt=by_registration.get(each.id),
                theory=_newest(own, Part.THEORY),
                practical=_newest(own, Part.PRACTICAL),
            ),
        )
    counted = [row.theory for row in rows if row.theory is not None and not row.is_voided]
    return Table(
        rows=rows,
        standing=standing_of(attempts, results),
        bars=distribution([each.marks for each in counted], counted[0].pass_marks if counted else 0),
        absent=sum(row.is_absent for row in rows),
        taken=len(counted),
        passed=sum(each.passed for each in counted),
        mean=sum(each.marks for each in counted) // len(counted) if counted else None,
    )


def _newest(results: Sequence[ResultView], part: Part) -> ResultView | None:
    own = [each for each in results if each.part == part]
    return max(own, key=lambda each: each.taken_at, default=None)


def distribution(marks: Sequence[int], pass_marks: int) -> list[Bar]:
    """Return ten bars of ten marks each; heights are in units of the drawing, the highest fills it."""
    counts = [0] * BUCKETS
    for each in marks:
        counts[min(each // BUCKET, BUCKETS - 1)] += 1
    most = max(counts)
    return [
        Bar(
            low=number * BUCKET,
            high=(number + 1) * BUCKET,
            count=count,
            height=count * BAR_HEIGHT // most if most else 0,
            passes=number * BUCKET >= pass_marks,
        )
        for number, count in enumerate(counts)
    ]
