"""Keys of a sitting's forms, one per view: wrapped under the installation's own key, or held by custodians (DESIGN.md §7)."""

import zlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.config import Profile
from exam.core.runtime import Runtime
from questionbank.custody.errors import FormsAwaitCustodiansError
from questionbank.custody.sharing import share_out
from questionbank.forms.errors import FormsNotPreparedError, LocalSealRefusedError
from questionbank.forms.models import SittingKey
from questionbank.forms.seal import key_aad, new_key, open_sealed, seal, unwrap_key, view_aad, wrap_key

CANDIDATE, SCORING = "candidate", "scoring"
VIEWS = (CANDIDATE, SCORING)


async def make_keys(
    session: AsyncSession, runtime: Runtime, sitting_id: UUID, region: str, *, at: datetime
) -> dict[str, bytes]:
    """Return a fresh key for each view; what is stored is its wrapping (seal=local) or shares for the custodians.

    Raises LocalSealRefusedError and TooFewCustodiansError.
    """
    keys = {view: new_key() for view in VIEWS}
    if runtime.settings.seal == "custodians":
        for view, key in keys.items():
            await share_out(session, runtime, key, sitting_id=sitting_id, region=region, view=view, at=at)
        return keys
    _require_local_seal(runtime)
    for view, key in keys.items():
        wrapped = wrap_key(runtime.secrets.forms, key, key_aad(sitting=str(sitting_id), view=view))
        session.add(SittingKey(sitting_id=sitting_id, view=view, region=region, wrapped=wrapped, created_at=at))
    return keys


def _require_local_seal(runtime: Runtime) -> None:
    """Refuse production, where one machine must not be able to open a form alone."""
    if runtime.settings.profile is Profile.PRODUCTION:
        raise LocalSealRefusedError


async def is_shared_out(session: AsyncSession, sitting_id: UUID) -> bool:
    """Tell whether custodians hold the keys of a sitting."""
    shared = select(SittingKey.view).where(SittingKey.sitting_id == sitting_id, SittingKey.threshold.is_not(None))
    return await session.scalar(shared.limit(1)) is not None


async def unwrap_view_key(session: AsyncSession, runtime: Runtime, sitting_id: UUID, view: str) -> bytes:
    """Return the key of one view; whether the moment allows it is for the caller to check first.

    Raises FormsNotPreparedError, and FormsAwaitCustodiansError while the key is in pieces.
    """
    row = (
        await session.execute(
            select(SittingKey.wrapped).where(SittingKey.sitting_id == sitting_id, SittingKey.view == view),
        )
    ).one_or_none()
    if row is None:
        raise FormsNotPreparedError(sitting_id=str(sitting_id))
    if row.wrapped is None:
        raise FormsAwaitCustodiansError(sitting_id=str(sitting_id), view=view)
    return unwrap_key(runtime.secrets.forms, row.wrapped, key_aad(sitting=str(sitting_id), view=view))


def seal_view(key: bytes, data: bytes, *, sitting_id: UUID, form_id: UUID, view: str) -> bytes:
    """Return the envelope of a view's canonical bytes, deflated first, since ciphertext does not compress."""
    return seal(key, zlib.compress(data), view_aad(sitting=str(sitting_id), form=str(form_id), view=view))


def open_view(key: bytes, sealed: bytes, *, sitting_id: UUID, form_id: UUID, view: str) -> bytes:
    """Return the canonical bytes that `seal_view` was given."""
    return zlib.decompress(open_sealed(key, sealed, view_aad(sitting=str(sitting_id), form=str(form_id), view=view)))
