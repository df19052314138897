"""Whether a credential's issue stands in the audit log: a certificate that was never logged was never issued."""

from datetime import datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from certs.answers import CredentialAnswer, LogNote, Verdict
from exam.core.audit.merkle import ProofError
from exam.core.audit.proving import EntryProof, prove_leaf
from exam.core.audit.publication import LogPublication
from exam.core.audit.standing import PATIENCE
from exam.core.errors import NotFoundError

_ISSUED = text("select noted_at, leaf, index from certs_public_log(:public_id)")


async def with_log(
    session: AsyncSession, log: LogPublication, found: CredentialAnswer, public_id: str, *, at: datetime
) -> CredentialAnswer:
    """Add the log's word to an answer; an issue that the log does not know, or knows otherwise, proves nothing.

    Where no log has been signed here yet, there is nothing to ask.
    """
    if await log.newest() is None:
        return found
    noted_at, leaf, index = (await session.execute(_ISSUED, {"public_id": public_id})).one()
    if index is None:
        # the signer takes a moment; what it still passes over after that was not written by us
        return found if at - noted_at <= PATIENCE else _unproven(found)
    try:
        return _noted(found, await prove_leaf(log, index, leaf))
    except (ProofError, NotFoundError):
        return _unproven(found)


def _noted(found: CredentialAnswer, proof: EntryProof) -> CredentialAnswer:
    note = LogNote(index=proof.index, size=proof.size, cosigned_by=proof.cosigned_by)
    return msgspec.structs.replace(found, log=note)


def _unproven(found: CredentialAnswer) -> CredentialAnswer:
    return msgspec.structs.replace(found, status=Verdict.UNPROVEN, log=LogNote())


async def find_issue_proof(session: AsyncSession, log: LogPublication, public_id: str) -> EntryProof | None:
    """Return the proof of a credential's issue, None where there is none yet; raises as `prove_leaf`."""
    row = (await session.execute(_ISSUED, {"public_id": public_id})).one_or_none()
    if row is None or row[2] is None:
        return None
    _, leaf, index = row
    return await prove_leaf(log, index, leaf)
