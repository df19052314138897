"""What every page of one class shows, whoever opens it."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.runtime import Runtime
from exam.identity.api import list_people
from exam.training.classes.enrolments import list_enrolments
from exam.training.classes.service import get_class, list_sessions, scheduled_seconds
from exam.training.classes.views import PRESENT
from exam.training.kinds import TITLES, title_of
from exam.training.ledger.entries import hours_by_enrolment
from exam.training.ledger.rules import hundredths
from exam.training.lessons.observations import list_observations
from exam.training.programmes.service import get_programme


async def class_context(session: AsyncSession, runtime: Runtime, class_id: UUID) -> dict[str, Any]:
    """Return class, programme, timetable and learners, as the scope shows them."""
    at = runtime.clock.now()
    one = await get_class(session, class_id)
    enrolments = await list_enrolments(session, class_id)
    sessions = await list_sessions(session, class_id)
    return {
        "one": one,
        "programme": await get_programme(session, one.programme_id),
        "sessions": sessions,
        "scheduled": scheduled_seconds(sessions, at),
        "present": [each for each in enrolments if each.state in PRESENT],
        "gone": [each for each in enrolments if each.state not in PRESENT],
        "people": await list_people(session, [each.person_id for each in enrolments]),
        "hours": await hours_by_enrolment(session, [each.id for each in enrolments]),
        "observations": await list_observations(session, [each.id for each in enrolments]),
        "at": at,
        "today": local_date(at),
        "title_of": title_of,
        "kinds": TITLES,
        "hundredths": hundredths,
    }
