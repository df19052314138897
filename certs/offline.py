"""Checking without any network: a pinned key file against what the paper or the file itself says."""

from datetime import datetime

import msgspec

from certs.answers import Answer, CredentialAnswer, LogNote, Verdict, answer
from certs.envelope import find_qr_text, is_sealed
from certs.qr import QrMalformedError, QrPayload
from certs.signing import KeyRing
from certs.verification import Statement, forged, of_altered_file, read_statement
from exam.core.clock import local_date
from exam.core.errors import NotFoundError
from exam.standards.api import get_qualification

UNKNOWN = "status_unknown_offline"


def check_qr(printed: str, keys: KeyRing, *, at: datetime) -> Answer:
    """Answer about printed text: forged, expired by its own dates, or authentic with its status unknown here.

    Raises QrMalformedError.
    """
    statement = read_statement(printed, keys)
    if statement.payload is None:
        return forged(statement, at=at)
    return _authentic(statement, statement.payload, at)


def check_file(data: bytes, keys: KeyRing, *, at: datetime) -> Answer:
    """Answer about a PDF: authentic only if every byte is as it was issued and the statement inside holds."""
    printed = find_qr_text(data)
    if printed is None:
        return answer((), at=at, reasons=("file_unknown",))
    try:
        inside = check_qr(printed, keys, at=at)
    except QrMalformedError:
        return answer((), at=at, reasons=("file_unknown",))
    if not is_sealed(data, keys):
        return of_altered_file(inside)
    return msgspec.structs.replace(inside, file="issued_copy")


def _authentic(statement: Statement, payload: QrPayload, at: datetime) -> Answer:
    today = local_date(at)
    verdict = Verdict.EXPIRED if today > payload.valid_until else Verdict.AUTHENTIC
    verdict = Verdict.NOT_YET if today < payload.valid_from else verdict
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
    reasons = (UNKNOWN,) if verdict is Verdict.AUTHENTIC else (verdict.value,)
    return answer((said,), at=at, reasons=reasons, signature="good", key_id=statement.key_id)


def _titles(code: str) -> tuple[str, str]:
    """Return title and category of a qualification; an old verifier may not know a new code."""
    try:
        qualification = get_qualification(code)
    except NotFoundError:
        return code, ""
    return qualification.title, qualification.category.label
