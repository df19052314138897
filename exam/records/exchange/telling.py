"""What each kind of message says, from the rows that it speaks of; the fields are those of data/kinds.toml."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from certs.api import CredentialView
from exam.identity.api import get_organisation, get_person, get_region
from exam.records.credit.register import RecordView
from grading.api import ResultView

PROVINCIAL = "provincial"
"""省级记录: where every record of this system comes from, never the national platform."""


async def result_data(
    session: AsyncSession, result: ResultView, *, person_id: UUID, registration_id: UUID, qualification: str
) -> dict[str, Any]:
    """Return what is told of one version of a result."""
    person = await get_person(session, person_id)
    return {
        "registration_id": str(registration_id),
        "result_id": str(result.id),
        "version": result.version,
        "person_id": str(person.id),
        "name_masked": person.name_masked,
        "number_masked": person.id_masked,
        "qualification": qualification,
        "part": result.part,
        "passed": bool(result.passed),
    }


async def credential_data(
    session: AsyncSession, credential: CredentialView, *, act: str, status: str
) -> dict[str, Any]:
    """Return what is told of a credential after an act."""
    person = await get_person(session, credential.person_id)
    return {
        "credential_id": str(credential.id),
        "act": act,
        "status": status,
        "version": credential.version,
        "person_id": str(person.id),
        "name_masked": credential.holder_masked,
        "number_masked": person.id_masked,
        "certificate_masked": credential.number_masked,
        "qualification": credential.qualification,
        "issued_on": credential.issued_on.isoformat(),
        "valid_from_on": credential.valid_from.isoformat(),
        "valid_until_on": credential.valid_until.isoformat(),
        "issuer": credential.issuer,
    }


async def exported_data(session: AsyncSession, credential: CredentialView, *, act: str, status: str) -> dict[str, Any]:
    """Return what the level above is told after an act: the credential, its issuer as registered, and its rules."""
    issuer = await get_organisation(session, credential.issuer_id)
    review_on = credential.review_due_on
    return {
        **await credential_data(session, credential, act=act, status=status),
        "origin": PROVINCIAL,
        "first_issued_on": credential.first_issued_on.isoformat(),
        "review_due_on": review_on and review_on.isoformat(),
        "issuer_region": (await get_region(session, issuer.region)).code,
        "issuer_uscc": issuer.uscc,
        "rule_set": credential.rule_set,
        "basis": credential.basis,
    }


async def credit_data(session: AsyncSession, row: RecordView) -> dict[str, Any]:
    """Return what is told of a credit record."""
    body = await get_organisation(session, row.organisation_id) if row.organisation_id else None
    return {
        "record_id": str(row.id),
        "kind": row.kind,
        "state": row.state,
        "subject_name": row.subject_name,
        "uscc": body.uscc if body else None,
        "document_no": row.document_no,
        "title": row.title,
        "authority": row.authority,
        "severity": row.severity,
        "decided_on": row.decided_on.isoformat(),
        "publish_until_on": row.publish_until_on and row.publish_until_on.isoformat(),
        "ended_on": row.ended_on and row.ended_on.isoformat(),
    }
