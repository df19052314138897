"""A statement of xAPI 1.0.3 as a unit may send it: its shape, strictly; pure.

Read by msgspec, unknown fields refused. Statements about a unit have one activity as their object and come from the
learner of the launch; attachments, sub-statements and groups have no place in such a talk and are refused.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from exam.training.cmi5.errors import StatementFormError

Iri = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:\S+\Z", max_length=500)]
Version = Annotated[str, msgspec.Meta(pattern=r"^1\.0(\.\d+)?\Z")]
LanguageMap = dict[Annotated[str, msgspec.Meta(min_length=1, max_length=40)], str]
Extensions = dict[Iri, Any]
DURATION = re.compile(r"^P(?=[\dT])(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+([.,]\d+)?S)?)?\Z", re.ASCII)
MOST = 50
"""Statements in one request."""


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    pass


class Account(_Part, frozen=True, kw_only=True):
    """A learner as we name them to strangers: a name that says nothing, of this copy of the course alone."""

    home_page: Iri
    name: str


class Actor(_Part, frozen=True, kw_only=True):
    """An agent known by an account."""

    account: Account
    object_type: Literal["Agent"] = "Agent"
    name: str | msgspec.UnsetType = msgspec.UNSET


class VerbUsed(_Part, frozen=True, kw_only=True):
    """A verb."""

    id: Iri
    display: LanguageMap = {}


class Activity(_Part, frozen=True, kw_only=True):
    """An activity; its definition is kept as it came."""

    id: Iri
    object_type: Literal["Activity"] = "Activity"
    definition: dict[str, Any] = {}


class Score(_Part, frozen=True, kw_only=True):
    """A score; what cmi5 asks of it is judged elsewhere."""

    scaled: Annotated[float, msgspec.Meta(ge=-1, le=1)] | None = None
    raw: float | None = None
    min: float | None = None
    max: float | None = None


class Result(_Part, frozen=True, kw_only=True):
    """A result; `duration` is ISO 8601."""

    score: Score | None = None
    success: bool | None = None
    completion: bool | None = None
    response: str | None = None
    duration: str | None = None
    extensions: Extensions = {}


Activities = Activity | list[Activity]


class ContextActivities(_Part, frozen=True, kw_only=True):
    """Activities around the object; one alone may stand without its list."""

    parent: Activities = []
    grouping: Activities = []
    category: Activities = []
    other: Activities = []

    def ids(self, kind: Literal["grouping", "category"]) -> frozenset[str]:
        """Return the ids of one kind."""
        found = self.grouping if kind == "grouping" else self.category
        return frozenset(each.id for each in (found if isinstance(found, list) else [found]))


class Context(_Part, frozen=True, kw_only=True):
    """Where a statement belongs."""

    registration: UUID | None = None
    context_activities: ContextActivities = ContextActivities()
    extensions: Extensions = {}
    language: str | None = None
    platform: str | None = None
    revision: str | None = None
    instructor: dict[str, Any] | None = None


class Statement(_Part, frozen=True, kw_only=True):
    """A statement; `stored`, `authority` and `version` are ours to say and are passed over."""

    id: UUID | None = None
    actor: Actor
    verb: VerbUsed
    object: Activity
    result: Result = Result()
    context: Context = Context()
    timestamp: datetime | None = None
    stored: Any = None
    authority: Any = None
    version: Version | None = None


class Sent(msgspec.Struct, frozen=True):
    """A statement as it was read, and as it was written: what is kept is what was sent."""

    read: Statement
    body: dict[str, Any]


def read_statements(data: bytes) -> list[Sent]:
    """Return the statements of a request's body, one or a list; raises StatementFormError."""
    try:
        body = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise StatementFormError(what="JSON") from error
    bodies = body if isinstance(body, list) else [body]
    if not 0 < len(bodies) <= MOST:
        raise StatementFormError(what=f"1–{MOST}")
    sent = [_read(each) for each in bodies]
    known = [each.read.id for each in sent if each.read.id is not None]
    if len(set(known)) < len(known):
        raise StatementFormError(what="id")
    return sent


def with_id(sent: list[Sent], named: UUID) -> Sent:
    """Return the one statement that an address names; raises StatementFormError for several, and for another's id."""
    one = sent[0]
    if len(sent) > 1 or one.read.id not in {None, named}:
        raise StatementFormError(what="statementId")
    return Sent(msgspec.structs.replace(one.read, id=named), {**one.body, "id": str(named)})


def _read(body: Any) -> Sent:
    if _has_null(body):
        raise StatementFormError(what="null")
    try:
        read = msgspec.convert(body, Statement)
    except msgspec.ValidationError as error:
        raise StatementFormError(what=str(error)[:200]) from error
    if read.timestamp is not None and read.timestamp.tzinfo is None:
        raise StatementFormError(what="timestamp")
    if read.result.duration is not None and not DURATION.match(read.result.duration):
        raise StatementFormError(what="duration")
    return Sent(read, body)


def _has_null(value: Any, *, free: bool = False) -> bool:
    """Say whether null stands anywhere but inside extensions, where it may."""
    if isinstance(value, dict):
        return any(_has_null(each, free=free or name == "extensions") for name, each in value.items())
    if isinstance(value, list):
        return any(_has_null(each, free=free) for each in value)
    return value is None and not free
