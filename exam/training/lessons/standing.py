"""Where a person's study stands between two messages, and what the page is told of it."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.training.classes.views import PRESENT, ClassState
from exam.training.ledger.live import Live
from exam.training.lessons.errors import VisitNotFoundError
from exam.training.lessons.models import LiveRow
from exam.training.lessons.questions import Question

MS = 1000


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What a visit's beats are judged by: its copy of the lesson, its length and the ends of its sections.

    `must_pass` says that time alone does not finish it.
    """

    progress: UUID
    length_ms: int
    units: tuple[int, ...]
    rules: str
    must_pass: bool = False


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a person between two messages.

    `visits` holds the open visit and those whose time waits for proof; `question` what an open check asks, None for a
    plain tap, and `wrong` counts its wrong answers; `day_left_ms` what the day's cap still allows; `counted_ms` is the
    instant (Unix ms) since which nothing was counted.
    """

    live: Live = Live()
    visits: dict[str, Note] = {}
    question: Question | None = None
    wrong: int = 0
    day_left_ms: int = 0
    counted_ms: int = 0


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """An open presence check as the page shows it: without options it is a tap."""

    prompt: str
    options: tuple[str, ...]
    missed: bool


class StudyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a message; `after` is echoed by the next beat, `stop` says why nothing counts any more.

    `refused` names the oddity of a beat that earned nothing.
    """

    seq: int
    reach_ms: int
    length_ms: int
    finished: bool = False
    check: Check | None = None
    stop: str = ""
    refused: str = ""


_STANDING = text(
    "select l.state, l.n, l.region, p.settled_ms,"
    " cast(:login as bytea) is null or identity_session_open(:login, cast(:at as timestamptz)) as logged_in,"
    " e.state = any(:present) and coalesce(cast(:today as date) <= c.ends_on, true) as in_class,"
    " c.state = :filed as filed"
    " from training_live l"
    " join training_visit v on v.id = :visit and v.person_id = l.person_id"
    " join training_enrolment e on e.id = v.enrolment_id"
    " join training_class c on c.id = e.class_id"
    " join training_progress p on p.id = v.progress_id"
    " where l.person_id = :person for update of l"
)


class StudyStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A person's state as locked for one message about one visit."""

    person: UUID
    visit: UUID
    region: str
    n: int
    state: State
    settled_ms: int
    logged_in: bool = True
    in_class: bool = True
    filed: bool = True

    @property
    def stop(self) -> str:
        """Why nothing counts, whatever the page reports: no log-in, no place in the class, or no plan that stands filed."""
        if not self.logged_in:
            return "login"
        if not self.in_class:
            return "over"
        return "" if self.filed else "unfiled"

    @property
    def note(self) -> Note | None:
        return self.state.visits.get(str(self.visit))

    @property
    def reach_ms(self) -> int:
        """What has been studied of the visit's lesson, proved or waiting for proof."""
        note = self.note
        if note is None:
            return self.settled_ms
        waiting = (
            each.span.length
            for each in self.state.live.watch.pending
            if self.state.visits[str(each.visit)].progress == note.progress
        )
        return self.settled_ms + sum(waiting)


async def load_standing(
    session: AsyncSession, person: UUID, visit: UUID, *, login: bytes | None = None, at: datetime | None = None
) -> StudyStanding:
    """Return where a person's study stands, locked; raises VisitNotFoundError for a visit that is not theirs.

    `login` is the digest of the session that a page's lease names, looked for at an instant, as is the end of the class.
    """
    asked = {
        "person": person,
        "visit": visit,
        "login": login,
        "at": at,
        "today": local_date(at) if at else None,
        "present": list(PRESENT),
        "filed": ClassState.FILED,
    }
    row = (await session.execute(_STANDING, asked)).one_or_none()
    if row is None:
        raise VisitNotFoundError
    state = msgspec.convert(row.state, State)
    return StudyStanding(
        person=person,
        visit=visit,
        region=row.region,
        n=row.n,
        state=state,
        settled_ms=row.settled_ms,
        logged_in=row.logged_in,
        in_class=row.in_class,
        filed=row.filed,
    )


def answer_of(here: StudyStanding, *, stop: str = "", refused: str = "") -> StudyAnswer:
    """Return what the page is told of a standing."""
    watch, note = here.state.live.watch, here.note
    check = None
    if watch.asked_at is not None and not stop:
        question = here.state.question
        prompt, options = (question.prompt, question.options) if question else ("", ())
        check = Check(prompt=prompt, options=options, missed=watch.missed)
    length = note.length_ms if note else 0
    return StudyAnswer(
        seq=here.state.live.line.seq,
        reach_ms=here.reach_ms,
        length_ms=length,
        finished=0 < length <= here.settled_ms,
        check=check,
        stop=stop,
        refused=refused,
    )


async def waiting_by_lesson(session: AsyncSession, person: UUID) -> dict[UUID, int]:
    """Return what of each lesson's copy has been studied and waits for proof, in milliseconds by the copy's id."""
    row = await session.get(LiveRow, person)
    sums: defaultdict[UUID, int] = defaultdict(int)
    if row is not None:
        state = msgspec.convert(row.state, State)
        for each in state.live.watch.pending:
            sums[state.visits[str(each.visit)].progress] += each.span.length
    return dict(sums)


def unix_ms(at: datetime) -> int:
    """Return an instant as Unix milliseconds."""
    return int(at.timestamp() * MS)
