"""Folding the log back into credentials: what was issued, as it was issued, and what its status must be by now."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from certs.models import Credential, CredentialEvent
from certs.state import CredentialState, CredentialStateError, fold
from exam.core.audit.folding import Difference, LeafEntry
from exam.core.crypto import digest

PREFIX = "credential."
FIXED = (
    *("id", "public_id", "version", "number_masked", "person_id", "holder_masked", "qualification", "category"),
    *("region", "issued_on", "first_issued_on", "valid_from_on", "valid_until_on", "review_due_on", "rule_set"),
    *("basis", "issuer_id", "issuer_name", "employer", "results", "photo_key", "issued_at"),
)
_CHANGING = ("status", "review_on", "pdf_digest", "key_id")
_REVIEWS = frozenset({"reviewed", "review_ended"})
_EVENTS = _REVIEWS | {"issued", "pdf_made", "suspended", "restored", "revoked", "superseded", "annulled", "expired"}


def credential_digest(row: Credential) -> bytes:
    """Return the digest by which the ledger knows what was issued: of all that never changes but the sealed number."""
    body = [_plain(getattr(row, name)) for name in FIXED]
    return digest(msgspec.json.encode(body, order="deterministic"))


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return int(value.timestamp()) * 1_000_000 + value.microsecond
        case date():
            return value.isoformat()
        case UUID():
            return value.hex
    return value


class _Logged(msgspec.Struct):
    """One credential as the log has it."""

    digest: str = ""
    pdf: tuple[str, str] = ("", "")
    review_on: str | None = None
    kinds: list[str] = []
    entries: set[UUID] = set()


class CredentialFold:
    """Every credential's issue, document and history as the log has them."""

    def __init__(self) -> None:
        self._logged: dict[str, _Logged] = {}

    def take(self, entry: LeafEntry) -> None:
        kind = entry.act.removeprefix(PREFIX)
        if entry.subject_kind != "credential" or kind not in _EVENTS or kind == entry.act:
            return
        known = self._logged.setdefault(entry.subject, _Logged(kinds=[], entries=set()))
        known.kinds.append(kind)
        known.entries.add(entry.id)
        if kind == "issued":
            known.digest = str(entry.facts.get("digest", ""))
        elif kind == "pdf_made":
            known.pdf = (str(entry.facts["pdf_digest"]), str(entry.facts["key_id"]))
        elif kind in _REVIEWS:
            known.review_on = str(entry.facts["review_on"])

    async def differences(self, session: AsyncSession) -> AsyncIterator[Difference]:
        found: set[str] = set()
        # the sealed number is not the monitor's to read
        columns = load_only(*(getattr(Credential, name) for name in (*FIXED, *_CHANGING)), raiseload=True)
        query = select(Credential).options(columns).execution_options(yield_per=1000)
        async for row in await session.stream_scalars(query):
            found.add(str(row.id))
            known = self._logged.get(str(row.id), _Logged())
            for code in _unlike(row, known):
                yield Difference(code=code, subject=str(row.id))
        for subject in self._logged.keys() - found:
            yield Difference(code="credential_gone", subject=subject)
        async for each in self._events(session):
            yield each

    async def _events(self, session: AsyncSession) -> AsyncIterator[Difference]:
        stored: dict[str, set[UUID]] = {}
        columns = select(CredentialEvent.credential_id, CredentialEvent.audit_id)
        for credential_id, audit_id in await session.execute(columns):
            stored.setdefault(str(credential_id), set()).add(audit_id)
        for subject in stored.keys() | self._logged.keys():
            if stored.get(subject, set()) != self._logged.get(subject, _Logged()).entries:
                yield Difference(code="credential_history_differs", subject=subject)


def _unlike(row: Credential, known: _Logged) -> list[str]:
    if "issued" not in known.kinds:
        return ["credential_not_logged"]
    try:
        state = fold(known.kinds)
    except CredentialStateError:
        return ["credential_history_impossible"]
    pdf = (row.pdf_digest.hex(), row.key_id or "") if row.pdf_digest else ("", "")
    review = row.review_due_on.isoformat() if row.review_due_on else ""
    checks = {
        "credential_changed": credential_digest(row).hex() == known.digest,
        "credential_status_differs": CredentialState(row.status) is state,
        "credential_document_differs": pdf == known.pdf,
        "credential_review_differs": (row.review_on.isoformat() if row.review_on else "")
        == (review if known.review_on is None else known.review_on),
    }
    return [code for code, holds in checks.items() if not holds]
