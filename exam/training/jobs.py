"""Background work of training: counting a person's hours anew when evidence has come in."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.jobs import defer

SETTLE = "training.settle"
CLOSE_SILENT = "training.close_silent"
MAKE = "training.make_material"
CLEAR_UPLOADS = "training.clear_uploads"
ERASE = "training.erase"


async def ask_to_settle(session: AsyncSession, person_id: UUID) -> None:
    """Let the worker count a person's hours once this transaction has committed; one person at a time."""
    await defer(session, SETTLE, lock=f"{SETTLE}:{person_id}", person_id=str(person_id))
