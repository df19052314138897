"""Public verification (公开核验): asked with the public database role, answered with masked facts only."""

import re
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from certs.answers import Answer, CredentialAnswer, LogNote, Verdict, answer
from certs.chain import Day, day_asked, list_versions_on
from certs.duties import duty_on, review_day
from certs.envelope import find_qr_text, is_ofd, is_sealed
from certs.errors import NothingAskedError
from certs.keys import published_ring
from certs.logged import with_log
from certs.naming import query_indexes
from certs.national.answering import find_recorded
from certs.numbers import bears_tail, parse_number
from certs.pades.checking import DocumentState, check_document
from certs.qr import PREFIX, QrMalformedError, QrPayload, QrSignatureError, QrUnknownKeyError, decode_payload
from certs.signing import Verifier
from certs.state import FINAL_STATES, CredentialState, standing_on
from exam.core.audit.publication import LogPublication
from exam.core.clock import local_date
from exam.core.crypto import Sealer, digest
from exam.identity.api import normalise_name
from exam.standards.api import get_qualification

_BY_ID = text("select * from certs_public_by_id(:wanted)")
_BY_QUERY = text("select * from certs_public_by_query(:wanted)")
_BY_FILE = text("select * from certs_public_by_file(:wanted)")
_PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{22}\Z")


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a stranger knows: the QR text or the public id, or name and number; and the past day they ask about."""

    qr: str = ""
    public_id: str = ""
    name: str = ""
    number: str = ""
    on: date | None = None


async def verify_public(
    session: AsyncSession,
    sealer: Sealer,
    question: Question,
    *,
    at: datetime,
    keys: Verifier | None = None,
    log: LogPublication | None = None,
) -> Answer:
    """Answer one question; `keys` are pinned ones that take the place of the register's own.

    With `log` every credential's issue is proved to stand in it.

    Raises NothingAskedError, DayAheadError, QrMalformedError, CredentialNumberError and the refusals of a name: all of
    them are about the form of what was typed, none about what is in the register.
    """
    day = day_asked(question.on, at)
    told = await _answer(session, sealer, question, day, at=at, keys=keys, log=log)
    return _as_of(told, day)


async def _answer(
    session: AsyncSession,
    sealer: Sealer,
    question: Question,
    day: Day,
    *,
    at: datetime,
    keys: Verifier | None,
    log: LogPublication | None,
) -> Answer:
    given = [bool(question.qr), bool(question.public_id), bool(question.name or question.number)]
    if sum(given) != 1:
        raise NothingAskedError
    if question.qr:
        return await verify_qr(session, question.qr, at=at, on=question.on, keys=keys, log=log)
    if question.public_id:
        return answer(await _find(session, _BY_ID, question.public_id, at, log, day), at=at)
    wanted = query_indexes(sealer, parse_number(question.number), normalise_name(question.name))
    own = _current(await _find(session, _BY_QUERY, wanted, at, log, day))
    return answer([*own, *await find_recorded(session, wanted, on=local_date(day.until))], at=at)


def _as_of(told: Answer, day: Day) -> Answer:
    return msgspec.structs.replace(told, status_as_of=day.until) if day.past else told


def read_typed(typed: str) -> Question:
    """Read the one field of the page: QR text with or without an address, or a public id; raises QrMalformedError."""
    value = typed.strip()
    if PREFIX in value:
        return Question(qr=value)
    if _PUBLIC_ID.match(value):
        return Question(public_id=value)
    raise QrMalformedError


class SeenKey:
    """A verifier that remembers which key the text named, whether or not it is known."""

    def __init__(self, keys: Verifier) -> None:
        self._keys = keys
        self.key_id: str | None = None

    def verify(self, key_id: bytes, message: bytes, signature: bytes) -> str:
        self.key_id = key_id.hex()
        return self._keys.verify(key_id, message, signature)


class Statement(msgspec.Struct, frozen=True):
    """What the check of a signature came to: `signature` is good, wrong or unknown_key; a payload only if it is good."""

    signature: str
    key_id: str | None
    payload: QrPayload | None = None
    issuer: str = ""


def read_statement(printed: str, keys: Verifier) -> Statement:
    """Check printed text against pinned keys, without any network; raises QrMalformedError."""
    seen = SeenKey(keys)
    try:
        statement = decode_payload(printed, seen)
    except QrUnknownKeyError:
        return Statement("unknown_key", seen.key_id)
    except QrSignatureError:
        return Statement("wrong", seen.key_id)
    return Statement("good", seen.key_id, statement.payload, statement.issuer)


def forged(statement: Statement, *, at: datetime) -> Answer:
    """Answer about a statement whose signature does not hold."""
    reasons = ("qr_signature" if statement.signature == "wrong" else "qr_unknown_key",)
    return answer(
        (),
        at=at,
        overruled=Verdict.FORGED,
        reasons=reasons,
        signature=statement.signature,
        key_id=statement.key_id,
    )


async def verify_qr(
    session: AsyncSession,
    printed: str,
    *,
    at: datetime,
    on: date | None = None,
    keys: Verifier | None = None,
    log: LogPublication | None = None,
) -> Answer:
    """Check the signature first, and ask the register only about what is ours.

    Raises QrMalformedError, and DayAheadError for a day `on` that has not come.
    """
    day = day_asked(on, at)
    statement = read_statement(printed, keys or await published_ring(session))
    if statement.payload is None:
        return forged(statement, at=at)
    found = await _find(session, _BY_ID, statement.payload.public_id, at, log, day)
    differs = bool(found) and not _agrees(statement.payload, found[0])
    told = answer(
        found,
        at=at,
        overruled=Verdict.ALTERED if differs else None,
        reasons=("register_differs",) if differs else (),
        signature="good",
        key_id=statement.key_id,
    )
    return _as_of(told, day)


def _agrees(payload: QrPayload, found: CredentialAnswer) -> bool:
    said, kept = (
        (payload.item, payload.valid_from, payload.valid_until),
        (found.qualification, found.valid_from, found.valid_until),
    )
    return said == kept and bears_tail(found.number_masked, payload.id_tail)


async def verify_file(
    session: AsyncSession,
    data: bytes,
    *,
    at: datetime,
    on: date | None = None,
    keys: Verifier | None = None,
    log: LogPublication | None = None,
) -> Answer:
    """Answer about a PDF: by the digest of its bytes, and where that is unknown by the statement inside.

    Raises DayAheadError for a day `on` that has not come.
    """
    ring = keys or await published_ring(session)
    told = await _about_file(session, data, ring, at=at, on=on, keys=keys, log=log)
    return with_document(told, data, ring)


def with_document(told: Answer, data: bytes, keys: Verifier) -> Answer:
    """Add what the PDF's own signature says; one that fails is a reason of its own."""
    document = check_document(data, keys)
    failed = document in {DocumentState.WRONG, DocumentState.UNKNOWN_KEY}
    reasons = (*told.reasons, f"pdf_signature_{document}") if failed else told.reasons
    return msgspec.structs.replace(told, document=document, reasons=reasons)


async def _about_file(
    session: AsyncSession,
    data: bytes,
    ring: Verifier,
    *,
    at: datetime,
    on: date | None,
    keys: Verifier | None,
    log: LogPublication | None,
) -> Answer:
    day = day_asked(on, at)
    found = await _find(session, _BY_FILE, digest(data), at, log, day)
    if found:
        return _as_of(_about_issued_file(data, found, ring, at), day)
    qr_text = find_qr_text(data)
    if qr_text is None:
        return answer((), at=at, reasons=("file_unknown",))
    try:
        inside = await verify_qr(session, qr_text, at=at, on=on, keys=keys, log=log)
    except QrMalformedError:
        return answer((), at=at, reasons=("file_unknown",))
    return _of_sealed_copy(inside, data, ring) if is_ofd(data) else of_altered_file(inside)


def _of_sealed_copy(inside: Answer, data: bytes, keys: Verifier) -> Answer:
    """Answer about an OFD copy: the register keeps no digest of it, so its seal alone says whether it is whole."""
    return msgspec.structs.replace(inside, file="issued_copy") if is_sealed(data, keys) else of_altered_file(inside)


def of_altered_file(inside: Answer) -> Answer:
    """Turn the answer about the statement inside a file into one about the file, which is not as it was issued."""
    return msgspec.structs.replace(
        inside,
        valid=False,
        status=Verdict.ALTERED if inside.signature == "good" else inside.status,
        reasons=("file_altered", *inside.reasons),
        file="altered",
    )


def _about_issued_file(data: bytes, found: list[CredentialAnswer], keys: Verifier, at: datetime) -> Answer:
    """Answer about bytes that the register knows; a seal that fails all the same means the register was changed."""
    seen = SeenKey(keys)
    good = is_sealed(data, seen)
    return answer(
        found,
        at=at,
        overruled=None if good else Verdict.FORGED,
        reasons=() if good else ("file_signature",),
        signature="good" if good else "wrong",
        key_id=seen.key_id,
        file="issued_copy",
    )


async def _find(
    session: AsyncSession,
    query: TextClause,
    wanted: str | bytes | list[bytes],
    at: datetime,
    log: LogPublication | None,
    day: Day,
) -> list[CredentialAnswer]:
    rows = (await session.execute(query, {"wanted": wanted})).all()
    found = []
    for row in rows:
        each = await _on_day(session, _credential(row, at), row.public_id, day)
        found.append(each if log is None else await with_log(session, log, each, row.public_id, at=at))
    return found


async def _on_day(session: AsyncSession, now: CredentialAnswer, public_id: str, day: Day) -> CredentialAnswer:
    """Add the chain of versions, and for a past day put its status in the place of today's."""
    versions = await list_versions_on(session, public_id, day)
    status = now.status
    if day.past:
        status = next((each.status for each in versions if each.version == now.version), Verdict.NOT_YET)
    return msgspec.structs.replace(now, status=status, versions=versions, duty=None if day.past else now.duty)


def _current(found: list[CredentialAnswer]) -> list[CredentialAnswer]:
    """Keep the newest version of each qualification that was there on the day: what somebody holds, not what was replaced."""
    newest: dict[str, CredentialAnswer] = {}
    for each in sorted(found, key=lambda each: each.version or 0):
        there = any(note.version == each.version for note in each.versions)
        if there or each.qualification not in newest:
            newest[each.qualification] = each
    return list(newest.values())


def _credential(row: Row[Any], at: datetime) -> CredentialAnswer:
    state = CredentialState(row.status)
    today, review_on = local_date(at), review_day(row.qualification, row.review_due_on)
    standing = standing_on(state, row.valid_from_on, row.valid_until_on, today, review_on=review_on)
    over = state in FINAL_STATES
    qualification = get_qualification(row.qualification)
    return CredentialAnswer(
        status=Verdict(standing.value),
        holder_masked=row.holder_masked,
        number_masked=row.number_masked,
        qualification=row.qualification,
        title=qualification.title,
        category=qualification.category.label,
        issued_on=row.issued_on,
        valid_from=row.valid_from_on,
        valid_until=row.valid_until_on,
        review_due_on=review_on,
        issuer=row.issuer_name,
        rule_set=row.rule_set,
        version=row.version,
        log=LogNote(),
        duty=None if over else duty_on(row.qualification, row.valid_until_on, review_on, today),
    )
