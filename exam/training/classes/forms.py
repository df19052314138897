"""Typed forms of classes turned into values; every refusal keeps what was typed."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, TypeVar
from uuid import UUID

from exam.core.clock import SHANGHAI
from exam.training.bodies.errors import VenueError
from exam.training.classes.errors import ClassPlanError
from exam.training.schemas import ClassForm, SessionForm, VenueForm

T = TypeVar("T")


def _read(reader: Callable[[str], T], text: str) -> T:
    try:
        return reader(text.strip())
    except ValueError:
        raise ClassPlanError from None


def read_class(form: ClassForm) -> dict[str, Any]:
    """Return the arguments of `plan_class`; raises ClassPlanError."""
    qualification, _, kind = form.training.partition(" ")
    return {
        "qualification": qualification,
        "kind": kind,
        "title": form.title,
        "starts_on": _read(date.fromisoformat, form.starts_on),
        "ends_on": _read(date.fromisoformat, form.ends_on),
        "capacity": _read(int, form.capacity),
        "photo_asked": bool(form.photo_asked),
    }


def read_session(form: SessionForm) -> dict[str, Any]:
    """Return the arguments of `add_session`; raises ClassPlanError."""
    day = _read(date.fromisoformat, form.day)
    starts, ends = (_read(time.fromisoformat, text) for text in (form.starts, form.ends))
    return {
        "starts_at": datetime.combine(day, starts.replace(tzinfo=None), SHANGHAI),
        "ends_at": datetime.combine(day, ends.replace(tzinfo=None), SHANGHAI),
        "venue_id": _read(UUID, form.venue),
        "teacher_id": _read(UUID, form.teacher),
        "node": form.node,
        "part": form.part,
    }


def read_venue(form: VenueForm) -> dict[str, Any]:
    """Return the arguments of `add_venue`; raises VenueError."""
    try:
        capacity = int(form.capacity)
    except ValueError:
        raise VenueError from None
    return {"name": form.name, "address": form.address, "capacity": capacity, "practice": bool(form.practice)}
