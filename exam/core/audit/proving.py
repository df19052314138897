"""Showing people that an entry stands in the log: its index, the proof, and who had seen that tree."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import AuditRow
from exam.core.audit.models import LogCheckpoint, LogLeaf
from exam.core.audit.proof import LogProof, check_path
from exam.core.audit.publication import LogPublication


class EntryProof(msgspec.Struct, frozen=True, kw_only=True):
    """Where an entry stands; `proof` is None while no published head covers it yet."""

    index: int
    size: int | None = None
    cosigned_by: tuple[str, ...] = ()
    witnessed: bool = False
    """Whether a quorum of witnesses has seen the tree that the proof is about."""
    witnessed_at: datetime | None = None
    """By when they had; None where the policy asks for no witness."""
    proof: LogProof | None = None


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """One published checkpoint for a page."""

    size: int
    root: bytes
    cosigned: dict[str, int]
    witnessed: bool
    published_at: datetime


async def find_entry_proof(session: AsyncSession, publication: LogPublication, entry_id: UUID) -> EntryProof | None:
    """Return the proof of an entry that the session may read, None before it has an index; raises as `prove_leaf`."""
    query = select(LogLeaf.index, AuditRow.leaf).join(AuditRow, AuditRow.id == LogLeaf.entry_id)
    row = (await session.execute(query.where(LogLeaf.entry_id == entry_id))).one_or_none()
    if row is None:
        return None
    index, leaf = row
    return await prove_leaf(publication, index, leaf)


async def find_act_proof(
    session: AsyncSession, publication: LogPublication, act: str, subject: tuple[str, UUID]
) -> EntryProof | None:
    """Return the proof of the newest entry of an act on a subject; as `find_entry_proof`."""
    query = select(AuditRow.id).where(
        AuditRow.act == act, AuditRow.subject_kind == subject[0], AuditRow.subject == str(subject[1])
    )
    entry_id = await session.scalar(query.order_by(AuditRow.position.desc()).limit(1))
    return await find_entry_proof(session, publication, entry_id) if entry_id else None


async def prove_leaf(publication: LogPublication, index: int, leaf: bytes) -> EntryProof:
    """Return the proof of a leaf under the newest witnessed head, or under the newest one where no other covers it.

    The proof has been checked. Raises ProofError where it does not hold: the entry is not what was signed, or the
    published tiles are not; NotFoundError where tiles are missing.
    """
    policy = await publication.policy()
    for under in (await publication.witnessed(), await publication.newest()):
        if policy is None or under is None or index >= under.checkpoint.size:
            continue
        second = under.witnessed_at(policy)
        proof = msgspec.structs.replace(await publication.prove(index, under), leaf=leaf)
        check_path(proof, leaf, under)
        return EntryProof(
            index=index,
            size=under.checkpoint.size,
            cosigned_by=tuple(under.cosigned),
            witnessed=policy.has_quorum(under.cosigned),
            witnessed_at=None if second is None else instant(second),
            proof=proof,
        )
    return EntryProof(index=index)


def instant(second: int) -> datetime:
    """Return the moment that a cosignature states."""
    return datetime.fromtimestamp(second, UTC)


async def list_heads(session: AsyncSession, *, limit: int = 30) -> list[Head]:
    """Return the published heads, the newest first."""
    query = select(LogCheckpoint).order_by(LogCheckpoint.published_at.desc(), LogCheckpoint.size.desc()).limit(limit)
    return [
        Head(**{name: getattr(row, name) for name in Head.__struct_fields__}) for row in await session.scalars(query)
    ]


class Waiting(msgspec.Struct, frozen=True):
    """Entries of the session's scope that have no index yet, and since when the oldest waits."""

    count: int
    oldest_at: datetime | None


async def count_waiting(session: AsyncSession) -> Waiting:
    """Return what the signer has still to order."""
    unordered = ~select(LogLeaf.entry_id).where(LogLeaf.entry_id == AuditRow.id).exists()
    row = await session.execute(select(func.count(), func.min(AuditRow.at)).where(unordered))
    count, oldest_at = row.one()
    return Waiting(count, oldest_at)
