"""The contract with neighbours: kinds of messages and their fields as data, the message, and what is wrong with one."""

import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from uuid import UUID

import msgspec

from exam.core.errors import DomainError

SCHEMA_VERSION = 1
FieldType = Literal["id", "text", "date", "instant", "integer", "boolean", "counts"]
"""`counts` are whole numbers by code."""
MISSING, UNKNOWN, WRONG_TYPE, WRONG_VALUE = "missing", "unknown", "wrong type", "wrong value"


class MessageUnreadableError(DomainError):
    """The bytes are no message of the contract."""

    code = "exchange_message_unreadable"
    message = "报文无法读取:不符合交换规范的格式。"


class Field(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field of a kind's data; `only` is the one text that it may hold, empty where any may stand."""

    code: str
    type: FieldType = "text"
    optional: bool = False
    only: str = ""


class MessageKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of message; `title` is a msgid."""

    code: str
    title: str
    fields: tuple[Field, ...]

    @property
    def element(self) -> str:
        """Name the kind as an element of XML."""
        return self.code.replace(".", "_")


class _Kinds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kinds: tuple[MessageKind, ...]


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message; `sequence` counts the messages of one subject to one neighbour from 1 without a gap.

    A message that is sent again is the same to the byte. Of two messages with one `idempotency_key` the second changes
    nothing.
    """

    id: UUID
    kind: str
    schema_version: int
    source: str
    region: str
    subject: str
    sequence: int
    idempotency_key: str
    occurred_at: datetime
    made_at: datetime
    data: dict[str, Any]


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong with a message: where, and MISSING, UNKNOWN, WRONG_TYPE or WRONG_VALUE."""

    field: str
    why: str


ENVELOPE: tuple[Field, ...] = (
    Field(code="id", type="id"),
    Field(code="kind"),
    Field(code="schema_version", type="integer"),
    Field(code="source"),
    Field(code="region"),
    Field(code="subject"),
    Field(code="sequence", type="integer"),
    Field(code="idempotency_key"),
    Field(code="occurred_at", type="instant"),
    Field(code="made_at", type="instant"),
)
"""The fields of every message beside its data, in their order."""


@cache
def load_kinds() -> Mapping[str, MessageKind]:
    """Return the kinds of messages by their codes."""
    text = (files("exam.records.exchange") / "data" / "kinds.toml").read_text(encoding="utf-8")
    return {kind.code: kind for kind in msgspec.convert(tomllib.loads(text), _Kinds).kinds}


def check(message: Message) -> list[Fault]:
    """Return everything that the schema finds wrong with a message."""
    kind = load_kinds().get(message.kind)
    if kind is None:
        return [Fault("kind", UNKNOWN)]
    found = [Fault(name, WRONG_TYPE) for name in ("schema_version", "sequence") if getattr(message, name) < 1]
    known = {field.code for field in kind.fields}
    found += [Fault(f"data.{code}", UNKNOWN) for code in message.data if code not in known]
    for field in kind.fields:
        if field.code not in message.data:
            found += [] if field.optional else [Fault(f"data.{field.code}", MISSING)]
        elif not _fits(field.type, message.data[field.code]):
            found.append(Fault(f"data.{field.code}", WRONG_TYPE))
        elif field.only and message.data[field.code] != field.only:
            found.append(Fault(f"data.{field.code}", WRONG_VALUE))
    return found


def to_json(message: Message) -> str:
    """Return the message as JSON, its fields in their order."""
    return msgspec.json.encode(message).decode()


def from_json(text: str | bytes) -> Message:
    """Read a message; raises MessageUnreadableError."""
    try:
        return msgspec.json.decode(text, type=Message)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MessageUnreadableError from error


def _fits(kind: FieldType, value: object) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return _is_integer(value)
    if kind == "counts":
        return isinstance(value, dict) and all(map(_is_integer, value.values()))
    return isinstance(value, str) and _reads(_READERS[kind], value)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    return instant


_READERS: Mapping[str, Callable[[str], object]] = {
    "id": UUID,
    "text": str,
    "date": date.fromisoformat,
    "instant": _instant,
}


def _reads(reader: Callable[[str], object], value: str) -> bool:
    try:
        reader(value)
    except ValueError:
        return False
    return True
