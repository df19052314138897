"""Files that may lie in the store while no credential names them: noted before they are written, swept when nobody kept them.

A run notes the key of its file and commits; then it writes the file; then it takes the note back in the transaction that
names the file in the credential. So a note that is visible stands for a file that nobody names, and no two runs share a key.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from certs.errors import DraftSweptError
from certs.models import Credential, Draft
from exam.core.db.scope import Scope
from exam.core.ids import new_token
from exam.core.runtime import Runtime

LEFT = timedelta(days=1)
"""A run that has not kept its file for so long is dead."""
SWEPT_AT_ONCE = 100


async def begin_draft(session: AsyncSession, row: Credential, *, at: datetime) -> str:
    """Note that a run makes a credential's file, and return the key of that file; nothing is written before the commit."""
    key = f"certs/{row.issued_on.year}/{row.id}-{new_token()}.pdf"
    session.add(Draft(key=key, credential_id=row.id, region=row.region, begun_at=at))
    await session.flush()
    return key


async def end_draft(session: AsyncSession, key: str) -> None:
    """Take the note back, for its file is kept in this transaction or was never written; raises DraftSweptError."""
    if await session.scalar(delete(Draft).where(Draft.key == key).returning(Draft.key)) is None:
        raise DraftSweptError


async def sweep_drafts(runtime: Runtime) -> None:
    """Delete the files of runs that died before they kept them; what a credential names is never touched."""
    done = SWEPT_AT_ONCE
    while done == SWEPT_AT_ONCE:
        async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
            done = await _sweep_some(session, runtime)


async def _sweep_some(session: AsyncSession, runtime: Runtime) -> int:
    query = select(Draft.key).where(Draft.begun_at < runtime.clock.now() - LEFT)
    # a run that keeps its file at this moment holds its note
    left = (await session.scalars(query.limit(SWEPT_AT_ONCE).with_for_update(skip_locked=True))).all()
    owners = select(Draft.credential_id).where(Draft.key.in_(left))
    named = set(await session.scalars(select(Credential.pdf_key).where(Credential.id.in_(owners))))
    for key in left:
        if key not in named:
            await runtime.storage.delete(key)
    await session.execute(delete(Draft).where(Draft.key.in_(left)))
    return len(left)
