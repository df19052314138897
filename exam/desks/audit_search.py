"""Searching the ledger for an auditor: newest first, by keyset, never changing anything."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, false, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import commit_to
from exam.core.audit.ledger import AuditRow, AuditSalt, AuditWords
from exam.core.clock import local_midnight
from exam.core.errors import DomainError, NotFoundError
from exam.identity.api import find_account_ids, list_people, names_of_accounts

PAGE = 50
EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
_WORD = re.compile(r"[a-z0-9_.]{0,64}")


class AuditFilterError(DomainError):
    """A filter is not in the form that entries have."""

    code = "audit_filter"
    message = "筛选条件有误:操作和对象类型只含小写字母、数字、下划线和点,日期写成 2026-11-23。"


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What the list is narrowed to; `act` may be a beginning (`registration.`), days are Shanghai dates, both counted."""

    act: str = ""
    kind: str = ""
    subject: str = ""
    actor: str = ""
    first_on: date | None = None
    last_on: date | None = None


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """One entry: the copies for searching, and the canonical leaf that the log was hashed from."""

    id: UUID
    position: int
    at: datetime
    actor_kind: str
    actor: UUID | None
    act: str
    subject_kind: str
    subject: str
    region: str
    facts: dict[str, Any]
    leaf: bytes
    leaf_digest: bytes
    words: dict[str, str]
    """What somebody wrote and nobody has erased."""
    words_fit: bool
    """They are what the leaf's salted commitments say."""

    @property
    def told(self) -> dict[str, Any]:
        """Everything that the act said: facts, and words where they still stand."""
        return {**self.facts, **self.words}

    @property
    def digest(self) -> str:
        return self.leaf_digest.hex()

    @property
    def leaf_text(self) -> str:
        return self.leaf.decode()


class _Commitments(msgspec.Struct, frozen=True):
    commitments: dict[str, str]


class Check(msgspec.Struct, frozen=True):
    """What can be checked of one entry alone; that no entry is missing or exchanged is for the log's own proofs."""

    digest_holds: bool
    """The stored digest is the SHA-256 of the leaf."""
    copies_agree: bool
    """Every searchable column says what the leaf says, and what was written fits its commitment."""


def parse_filter(*, act: str, kind: str, subject: str, actor: str, first: str, last: str) -> AuditFilter:
    """Return the filter as typed; raises AuditFilterError."""
    if not _WORD.fullmatch(act.strip()) or not _WORD.fullmatch(kind.strip()):
        raise AuditFilterError
    try:
        days = [date.fromisoformat(text.strip()) if text.strip() else None for text in (first, last)]
    except ValueError:
        raise AuditFilterError from None
    if any(day and not EARLIEST_YEAR <= day.year <= LATEST_YEAR for day in days):
        raise AuditFilterError  # the first and the last days of the calendar have no neighbours
    return AuditFilter(
        act=act.strip(),
        kind=kind.strip(),
        subject=subject.strip(),
        actor=actor.strip(),
        first_on=days[0],
        last_on=days[1],
    )


async def list_entries(
    session: AsyncSession,
    wanted: AuditFilter,
    *,
    before: int | None = None,
    limit: int = PAGE,
) -> tuple[list[EntryView], bool]:
    """Return the scope's entries, the newest first, and whether there are older ones; `before` is a position."""
    query = select(AuditRow).where(*_conditions(wanted))
    if wanted.actor:
        query = query.where(await _actor_is(session, wanted.actor))
    if before is not None:
        query = query.where(AuditRow.position < before)
    rows = list(await session.scalars(query.order_by(AuditRow.position.desc()).limit(limit + 1)))
    shown = rows[:limit]
    written = await _written(session, [row.id for row in shown])
    return [_view(row, written) for row in shown], len(rows) > limit


async def get_entry(session: AsyncSession, entry_id: UUID) -> EntryView:
    """Return one entry of the scope; raises NotFoundError."""
    row = await session.get(AuditRow, entry_id)
    if row is None:
        raise NotFoundError(entry_id=str(entry_id))
    return _view(row, await _written(session, [row.id]))


async def _written(session: AsyncSession, entries: Sequence[UUID]) -> dict[UUID, dict[str, tuple[str, bytes]]]:
    """Return by entry what was written under each name, with its salt."""
    query = (
        select(AuditWords.entry_id, AuditWords.name, AuditWords.words, AuditSalt.salt)
        .join(AuditSalt, (AuditSalt.entry_id == AuditWords.entry_id) & (AuditSalt.name == AuditWords.name))
        .where(AuditWords.entry_id.in_(entries))
    )
    found: dict[UUID, dict[str, tuple[str, bytes]]] = {}
    for entry, name, words, salt in await session.execute(query):
        found.setdefault(entry, {})[name] = (words, salt)
    return found


async def name_actors(session: AsyncSession, entries: list[EntryView]) -> dict[UUID, str]:
    """Return who acted in words: name and log-in of accounts, masked names of candidates."""
    accounts = {entry.actor for entry in entries if entry.actor and entry.actor_kind == "account"}
    people = {entry.actor for entry in entries if entry.actor and entry.actor_kind == "candidate"}
    named = await names_of_accounts(session, accounts)
    return named | {key: person.name_masked for key, person in (await list_people(session, list(people))).items()}


def check_entry(entry: EntryView) -> Check:
    """Check an entry against its own leaf; pure."""
    body = msgspec.json.decode(entry.leaf)
    said = (
        body["id"],
        body["at"],
        body["actor"],
        body["act"],
        body["subject"],
        body["region"],
        body["facts"],
    )
    copied = (
        entry.id.hex,
        int(entry.at.timestamp()) * 1_000_000 + entry.at.microsecond,
        [entry.actor_kind, entry.actor.hex if entry.actor else None],
        entry.act,
        [entry.subject_kind, entry.subject],
        entry.region,
        entry.facts,
    )
    return Check(
        digest_holds=sha256(entry.leaf).digest() == entry.leaf_digest, copies_agree=said == copied and entry.words_fit
    )


def _view(row: AuditRow, written: Mapping[UUID, Mapping[str, tuple[str, bytes]]]) -> EntryView:
    columns = {name: getattr(row, name) for name in EntryView.__struct_fields__ if not name.startswith("words")}
    mine, committed = written.get(row.id, {}), _committed(row.leaf)
    fit = all(committed.get(name) == commit_to(*each) for name, each in mine.items())
    return EntryView(**columns, words={name: words for name, (words, _) in mine.items()}, words_fit=fit)


def _committed(leaf: bytes) -> dict[str, str]:
    """Return the commitments of a leaf; a leaf that is none holds nothing, and its own checks say so."""
    try:
        return msgspec.json.decode(leaf, type=_Commitments).commitments
    except msgspec.DecodeError:
        return {}


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.act:
        begins = wanted.act.endswith(".") or "." not in wanted.act
        conditions.append(
            AuditRow.act.startswith(wanted.act, autoescape=True) if begins else AuditRow.act == wanted.act
        )
    if wanted.kind:
        conditions.append(AuditRow.subject_kind == wanted.kind)
    if wanted.subject:
        conditions.append(AuditRow.subject == wanted.subject)
    if wanted.first_on:
        conditions.append(AuditRow.at >= local_midnight(wanted.first_on))
    if wanted.last_on:
        conditions.append(AuditRow.at < local_midnight(wanted.last_on + timedelta(days=1)))
    return conditions


async def _actor_is(session: AsyncSession, words: str) -> ColumnElement[bool]:
    """Understand an actor as an id, a log-in or a full name; whoever is unknown has done nothing."""
    try:
        return AuditRow.actor == UUID(words)
    except ValueError:
        found = await find_account_ids(session, words)
        return AuditRow.actor.in_(found) if found else false()
