"""Issuing, signing and verifying certificates of completed training (浙江省安全生产条例 art 14: signed, kept 3 years)."""

import secrets
from collections.abc import Collection
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.errors import ForbiddenError
from exam.core.principal import Principal
from exam.identity.api import get_person
from exam.training.classes.enrolments import get_enrolment
from exam.training.classes.errors import EnrolmentNotFoundError
from exam.training.classes.service import get_class
from exam.training.classes.views import PRESENT, ClassView, EnrolmentView
from exam.training.completion.errors import (
    CompletionEarlyError,
    CompletionExistsError,
    CompletionNotFoundError,
    CompletionShortError,
    CompletionStateError,
    ObjectionMissingError,
)
from exam.training.completion.models import Completion
from exam.training.kinds import required_hours
from exam.training.ledger.entries import list_hours, sum_by_node
from exam.training.ledger.nodes import WHOLE, Coverage, counting_on, cover_programme
from exam.training.ledger.rules import hundredths

KEPT_YEARS = 3
"""The least that the statute asks for; nothing deletes a certificate afterwards either."""
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBER_LENGTH = 16
AS_A_WHOLE = "按纸质记录整体登记,未分条目"
"""Chinese msgid."""


class StudiedNode(msgspec.Struct, frozen=True, kw_only=True):
    """What was studied of one node, in hundredths of an hour."""

    code: str
    title: str
    part: str
    hours: int


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """The certificate's own words: time, content and result of the training; hours in hundredths."""

    body: str
    title: str
    starts_on: date
    ends_on: date
    hours: int
    required: int
    basis: str
    nodes: tuple[StudiedNode, ...]


class CompletionView(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate of completed training."""

    id: UUID
    number: str
    enrolment_id: UUID
    class_id: UUID
    person_id: UUID
    region: str
    qualification: str
    kind: str
    name_masked: str
    id_masked: str
    content: Statement
    digest: str
    state: str
    objection: str
    issued_by_name: str
    issued_at: datetime
    decided_at: datetime | None
    keep_until: date


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What a stranger is told of a number."""

    name_masked: str
    id_masked: str
    qualification: str
    kind: str
    content: Statement
    digest: str
    state: str
    issued_at: datetime
    decided_at: datetime | None


async def issue_completion(
    session: AsyncSession, principal: Principal, enrolment_id: UUID, *, class_id: UUID, at: datetime
) -> UUID:
    """Certify that a learner has all hours of the programme in force; the worker's signature is still wanted.

    Raises CompletionEarlyError, CompletionShortError with what is missing, CompletionExistsError, EnrolmentNotFoundError.
    """
    learner = await get_enrolment(session, enrolment_id)
    if principal.account is None:
        raise ForbiddenError
    if learner.class_id != class_id or learner.state not in PRESENT:
        raise EnrolmentNotFoundError
    standing = select(Completion.id).where(Completion.enrolment_id == learner.id, Completion.state != "objected")
    if await session.scalar(standing):
        raise CompletionExistsError
    one, person = await get_class(session, class_id), await get_person(session, learner.person_id)
    content = await _statement(session, learner, one, at)
    today = local_date(at)
    row = Completion(
        number="".join(secrets.choice(ALPHABET) for _ in range(NUMBER_LENGTH)),
        enrolment_id=learner.id,
        class_id=one.id,
        person_id=learner.person_id,
        region=learner.region,
        qualification=learner.qualification,
        kind=learner.kind,
        name_masked=person.name_masked,
        id_masked=person.id_masked,
        content=msgspec.to_builtins(content),
        digest=sha256(msgspec.json.encode(content, order="sorted")).hexdigest(),
        state="issued",
        objection="",
        issued_by=principal.account,
        issued_by_name=principal.name,
        issued_at=at,
        keep_until=today.replace(year=today.year + KEPT_YEARS, day=min(today.day, 28)),
    )
    session.add(row)
    await session.flush()
    await _note(session, principal, "completion.issued", row, at)
    return row.id


async def _statement(session: AsyncSession, learner: EnrolmentView, one: ClassView, at: datetime) -> Statement:
    if one.starts_on > local_date(at):
        raise CompletionEarlyError(first=one.starts_on.isoformat())
    of = (learner.person_id, learner.qualification)
    coverage = await cover_programme(session, *of, learner.kind, on=one.starts_on)
    entries = counting_on(await list_hours(session, *of), one.starts_on)
    asked = required_hours(learner.qualification, learner.kind, local_date(at))
    short = missing_hours(coverage, (asked.hours or 0) * 100)
    if short:
        raise CompletionShortError(hours=f"{short / 100:g}")
    return Statement(
        body=one.body_name,
        title=one.title,
        starts_on=one.starts_on,
        ends_on=min(one.ends_on, local_date(at)),
        hours=coverage.hours,
        required=(asked.hours or 0) * 100,
        basis=asked.basis,
        nodes=studied(coverage, hundredths(sum_by_node(entries, learner.kind).get(WHOLE, 0))),
    )


def studied(coverage: Coverage, whole: int) -> tuple[StudiedNode, ...]:
    """Return what was studied by node; what was attested as a whole stands in one line of its own. Pure."""
    nodes = [
        StudiedNode(code=node.code, title=node.title, part=node.part, hours=min(node.done, node.asked))
        for node in coverage.nodes
        if node.done
    ]
    if whole > 0:
        nodes.append(StudiedNode(code="", title=AS_A_WHOLE, part="", hours=whole))
    return tuple(nodes)


def missing_hours(coverage: Coverage, required: int) -> int:
    """Return the hundredths that are missing of the total or of single nodes, whichever is more; pure."""
    return max(sum(gap.hours for gap in coverage.gaps), required - coverage.hours, 0)


async def decide_completion(
    session: AsyncSession, principal: Principal, completion_id: UUID, *, objection: str | None, at: datetime
) -> None:
    """Let the worker sign, or say what is wrong; nobody else can, in the database either.

    Raises CompletionNotFoundError, CompletionStateError and ObjectionMissingError.
    """
    row = await session.get(Completion, completion_id, with_for_update=True)
    if row is None or row.person_id != principal.person:
        raise CompletionNotFoundError
    if row.state != "issued":
        raise CompletionStateError
    if objection is not None and not objection.strip():
        raise ObjectionMissingError
    row.state, row.decided_at = "signed" if objection is None else "objected", at
    row.objection = (objection or "").strip()
    await session.flush()
    await _note(session, principal, f"completion.{row.state}", row, at)


async def get_completion(session: AsyncSession, completion_id: UUID) -> CompletionView:
    """Return a certificate of the scope; raises CompletionNotFoundError."""
    row = await session.get(Completion, completion_id)
    if row is None:
        raise CompletionNotFoundError
    return _view(row)


async def list_completions(session: AsyncSession, enrolment_ids: Collection[UUID]) -> dict[UUID, CompletionView]:
    """Return the newest certificate of each enrolment."""
    query = select(Completion).where(Completion.enrolment_id.in_(enrolment_ids)).order_by(Completion.issued_at)
    return {row.enrolment_id: _view(row) for row in await session.scalars(query)}


_PUBLIC = text("select * from training_public_completion(:number)")


async def verify_completion(session: AsyncSession, number: str) -> Verified | None:
    """Return what a number stands for, in the public's session; None for no certificate."""
    typed = "".join(letter for letter in number.upper() if letter in ALPHABET)
    row = (await session.execute(_PUBLIC, {"number": typed})).mappings().one_or_none()
    return msgspec.convert(_plain(dict(row)), Verified, strict=False) if row else None


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "content": msgspec.convert(row["content"], Statement)}


def _view(row: Completion) -> CompletionView:
    names = [name for name in CompletionView.__struct_fields__ if name != "content"]
    content = msgspec.convert(row.content, Statement)
    return CompletionView(content=content, **{name: getattr(row, name) for name in names})


async def _note(session: AsyncSession, principal: Principal, act: str, row: Completion, at: datetime) -> None:
    facts: dict[str, Fact] = {
        "qualification": row.qualification,
        "kind": row.kind,
        "digest": row.digest,
        "objection": row.objection,
    }
    await record(session, principal, act, ("completion", row.id), at=at, region=row.region, facts=facts)
