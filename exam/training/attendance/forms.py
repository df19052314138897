"""Rolls and corrections as typed, turned into presences."""

from collections.abc import Mapping
from datetime import datetime, time
from uuid import UUID

from exam.core.clock import SHANGHAI
from exam.training.attendance.errors import RollIncompleteError, RollTimesError
from exam.training.attendance.views import Presence, Status
from exam.training.classes.views import SessionView


def read_roll(fields: Mapping[str, str], one: SessionView) -> dict[UUID, Presence]:
    """Return the presence of each learner: `here.ID` is set for who was there, `from.ID` and `until.ID` are times.

    Every learner has a `who.ID` field, so that nobody is absent by being left out. Raises RollIncompleteError and
    RollTimesError.
    """
    presences = {}
    for name in fields:
        kind, _, identifier = name.partition(".")
        if kind == "who":
            here = fields.get(f"here.{identifier}", "")
            times = (fields.get(f"from.{identifier}", ""), fields.get(f"until.{identifier}", ""))
            presences[_id(identifier)] = read_presence(bool(here), *times, one)
    return presences


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise RollIncompleteError from None


def read_presence(here: bool, starts: str, ends: str, one: SessionView) -> Presence:  # noqa: FBT001  # a column of a roll
    """Return the presence between two times of the session's day; an empty time is the session's own."""
    if not here:
        return Presence(status=Status.ABSENT)
    from_at = _on_day(starts, one) if starts.strip() else one.starts_at
    until_at = _on_day(ends, one) if ends.strip() else one.ends_at
    return Presence(status=Status.PRESENT, from_at=from_at, until_at=until_at)


def _on_day(text: str, one: SessionView) -> datetime:
    try:
        moment = time.fromisoformat(text.strip())
    except ValueError:
        raise RollTimesError from None
    day = one.starts_at.astimezone(SHANGHAI).date()
    return datetime.combine(day, moment.replace(tzinfo=None), SHANGHAI)
