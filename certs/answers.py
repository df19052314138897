"""What a stranger is told about a credential: one shape for every answer, masked always."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

import msgspec

from certs.duties import Duty
from certs.pades.checking import DocumentState
from certs.state import Standing


class Verdict(StrEnum):
    """The answer in one word; standings as `certs.state.Standing` has them, and what only a check can find."""

    VALID = Standing.VALID.value
    NOT_YET = Standing.NOT_YET.value
    EXPIRED = Standing.EXPIRED.value
    SUSPENDED = Standing.SUSPENDED.value
    REVOKED = Standing.REVOKED.value
    SUPERSEDED = Standing.SUPERSEDED.value
    ANNULLED = Standing.ANNULLED.value
    NOT_FOUND = "not_found"
    FORGED = "forged"
    """The signature is wrong or of a key that is not ours: nothing the paper says can be believed."""
    ALTERED = "altered"
    """The file is not the issued one, or the paper says other things than the register."""
    RECORDED = "recorded"
    """Somebody else issued it and this system holds a record alone: its issuer must be asked."""
    UNPROVEN = "unproven"
    """The register names it, and the audit log does not know its issue or knows it otherwise."""
    AUTHENTIC = "authentic"
    """Offline: issued as it stands; what became of it since is not known here."""


class LogNote(msgspec.Struct, frozen=True, kw_only=True):
    """Where the issue stands in the audit log: its index, the size of the proved tree, and who has cosigned that."""

    index: int | None = None
    size: int | None = None
    cosigned_by: tuple[str, ...] = ()


class VersionNote(msgspec.Struct, frozen=True, kw_only=True):
    """One version in a credential's chain, and when it last changed."""

    version: int
    status: Verdict
    issued_on: date
    valid_until: date
    changed_at: datetime


class CredentialAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One credential as strangers may see it; `title` is a Chinese qualification title."""

    status: Verdict
    holder_masked: str
    number_masked: str
    qualification: str
    title: str
    category: str
    issued_on: date | None
    valid_from: date
    valid_until: date
    review_due_on: date | None
    issuer: str
    rule_set: str
    version: int | None
    log: LogNote
    origin: Literal["provincial", "national"] = "provincial"
    """Whose certificate this is: our own, or the national electronic one of which we hold a record alone."""
    checked: bool = True
    """False for a record that nobody has compared with its issuer's register yet."""
    duty: Duty | None = None
    """What the holder has to do next, and by when; none for what is over."""
    versions: tuple[VersionNote, ...] = ()
    """Every version of this person's credential for the item that was there on the day, the oldest first."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to every kind of question; fields that do not apply are null, never missing.

    `signature`: good, wrong, unknown_key or not_checked; `file`: issued_copy, altered or not_checked. `reasons` are
    codes. `credentials` has more than one entry where one number stands for several qualifications. `status_as_of` is
    the moment of a status that is not of now: an offline list's, or the day that was asked for.
    """

    valid: bool
    status: Verdict
    reasons: tuple[str, ...]
    number_masked: str | None
    log: LogNote
    signature: str
    key_id: str | None
    file: str
    credentials: tuple[CredentialAnswer, ...]
    checked_at: datetime
    status_as_of: datetime | None = None
    document: DocumentState = DocumentState.NOT_CHECKED
    """The PDF's own signature, as any reader checks it too."""


_BEST_FIRST = (Verdict.VALID, Verdict.SUSPENDED, Verdict.EXPIRED, Verdict.NOT_YET)


def answer(
    found: Sequence[CredentialAnswer],
    *,
    at: datetime,
    overruled: Verdict | None = None,
    reasons: Sequence[str] = (),
    signature: str = "not_checked",
    key_id: str | None = None,
    file: str = "not_checked",
) -> Answer:
    """Compose the answer; `overruled` is what the check found beyond the register's own word."""
    ranked = sorted(found, key=_rank)
    status = overruled or (ranked[0].status if ranked else Verdict.NOT_FOUND)
    return Answer(
        valid=status in {Verdict.VALID, Verdict.AUTHENTIC},
        status=status,
        reasons=tuple(reasons) or (() if status is Verdict.VALID else (status.value,)),
        number_masked=ranked[0].number_masked if ranked else None,
        log=ranked[0].log if ranked else LogNote(),
        signature=signature,
        key_id=key_id,
        file=file,
        credentials=tuple(ranked),
        checked_at=at,
    )


def _rank(found: CredentialAnswer) -> tuple[int, int, str]:
    standing = _BEST_FIRST.index(found.status) if found.status in _BEST_FIRST else len(_BEST_FIRST)
    return standing, -(found.version or 0), found.qualification
