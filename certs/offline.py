"""Checking without any network: a pinned key file, and a signed status list where there is one, against the paper."""

from datetime import date, datetime

import msgspec

from certs.answers import Answer, CredentialAnswer, LogNote, Verdict, answer
from certs.envelope import find_qr_text, is_sealed
from certs.qr import QrMalformedError, QrPayload
from certs.signing import KeyRing
from certs.statuslist import StatusCode, StatusList
from certs.verification import Statement, forged, of_altered_file, read_statement, with_document
from exam.core.clock import local_date
from exam.core.errors import NotFoundError
from exam.standards.api import get_qualification

UNKNOWN = "status_unknown_offline"
UNLISTED = "status_not_listed"
AS_OF_LIST = "status_as_of_list"
STALE = "status_list_stale"

_VERDICTS = {
    StatusCode.REVOKED: Verdict.REVOKED,
    StatusCode.SUSPENDED: Verdict.SUSPENDED,
    StatusCode.SUPERSEDED: Verdict.SUPERSEDED,
    StatusCode.ANNULLED: Verdict.ANNULLED,
    StatusCode.LAPSED: Verdict.EXPIRED,
}


def check_qr(printed: str, keys: KeyRing, *, at: datetime, statuses: StatusList | None = None) -> Answer:
    """Answer about printed text: forged, expired by its own dates, or authentic with its status as of the list.

    Without `statuses` the status is unknown here. Raises QrMalformedError.
    """
    statement = read_statement(printed, keys)
    if statement.payload is None:
        return forged(statement, at=at)
    return _authentic(statement, statement.payload, at, statuses)


def check_file(data: bytes, keys: KeyRing, *, at: datetime, statuses: StatusList | None = None) -> Answer:
    """Answer about a PDF: authentic only if every byte is as it was issued and the statement inside holds."""
    return with_document(_about_file(data, keys, at, statuses), data, keys)


def _about_file(data: bytes, keys: KeyRing, at: datetime, statuses: StatusList | None) -> Answer:
    printed = find_qr_text(data)
    if printed is None:
        return answer((), at=at, reasons=("file_unknown",))
    try:
        inside = check_qr(printed, keys, at=at, statuses=statuses)
    except QrMalformedError:
        return answer((), at=at, reasons=("file_unknown",))
    if not is_sealed(data, keys):
        return of_altered_file(inside)
    return msgspec.structs.replace(inside, file="issued_copy")


def _authentic(statement: Statement, payload: QrPayload, at: datetime, statuses: StatusList | None) -> Answer:
    code = statuses.code(payload.position) if statuses else StatusCode.UNASSIGNED
    verdict = _VERDICTS.get(code) or _by_dates(payload, local_date(at))
    title, category = _titles(payload.item)
    said = CredentialAnswer(
        status=verdict,
        holder_masked=payload.name_masked,
        number_masked=f"*{payload.id_tail}",
        qualification=payload.item,
        title=title,
        category=category,
        issued_on=None,
        valid_from=payload.valid_from,
        valid_until=payload.valid_until,
        review_due_on=None,
        issuer=statement.issuer,
        rule_set="",
        version=None,
        log=LogNote(),
    )
    reasons = _about_status(code, statuses, at) if verdict is Verdict.AUTHENTIC or code in _VERDICTS else ()
    told = answer((said,), at=at, reasons=reasons, signature="good", key_id=statement.key_id)
    return msgspec.structs.replace(told, status_as_of=statuses.signed_at if statuses else None)


def _by_dates(payload: QrPayload, today: date) -> Verdict:
    if today > payload.valid_until:
        return Verdict.EXPIRED
    return Verdict.NOT_YET if today < payload.valid_from else Verdict.AUTHENTIC


def _about_status(code: StatusCode, statuses: StatusList | None, at: datetime) -> tuple[str, ...]:
    if statuses is None:
        return (UNKNOWN,)
    known = UNLISTED if code is StatusCode.UNASSIGNED else AS_OF_LIST
    bad = (_VERDICTS[code].value,) if code in _VERDICTS else ()
    return (*bad, known, STALE) if at > statuses.expires_at else (*bad, known)


def _titles(code: str) -> tuple[str, str]:
    """Return title and category of a qualification; an old verifier may not know a new code."""
    try:
        qualification = get_qualification(code)
    except NotFoundError:
        return code, ""
    return qualification.title, qualification.category.label
