"""Keys of a sitting's forms under seal=local: one per view, wrapped under the installation's own key (DESIGN.md §7)."""

import zlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.config import Profile
from exam.core.runtime import Runtime
from questionbank.forms.errors import FormsNotPreparedError, LocalSealRefusedError
from questionbank.forms.models import SittingKey
from questionbank.forms.seal import key_aad, new_key, open_sealed, seal, unwrap_key, view_aad, wrap_key

CANDIDATE, SCORING = "candidate", "scoring"
VIEWS = (CANDIDATE, SCORING)


def require_local_seal(runtime: Runtime) -> None:
    """Refuse production, where one machine must not be able to open a form alone."""
    if runtime.settings.profile is Profile.PRODUCTION:
        raise LocalSealRefusedError


def make_keys(session: AsyncSession, runtime: Runtime, sitting_id: UUID, region: str, *, at: datetime) -> None:
    """Add a fresh wrapped key for each view of a sitting."""
    for view in VIEWS:
        wrapped = wrap_key(runtime.secrets.forms, new_key(), key_aad(sitting=str(sitting_id), view=view))
        session.add(SittingKey(sitting_id=sitting_id, view=view, region=region, wrapped=wrapped, created_at=at))


async def unwrap_view_key(session: AsyncSession, runtime: Runtime, sitting_id: UUID, view: str) -> bytes:
    """Return the key of one view; whether the moment allows it is for the caller to check first."""
    wrapped = await session.scalar(
        select(SittingKey.wrapped).where(SittingKey.sitting_id == sitting_id, SittingKey.view == view),
    )
    if wrapped is None:
        raise FormsNotPreparedError(sitting_id=str(sitting_id))
    return unwrap_key(runtime.secrets.forms, wrapped, key_aad(sitting=str(sitting_id), view=view))


def seal_view(key: bytes, data: bytes, *, sitting_id: UUID, form_id: UUID, view: str) -> bytes:
    """Return the envelope of a view's canonical bytes, deflated first, since ciphertext does not compress."""
    return seal(key, zlib.compress(data), view_aad(sitting=str(sitting_id), form=str(form_id), view=view))


def open_view(key: bytes, sealed: bytes, *, sitting_id: UUID, form_id: UUID, view: str) -> bytes:
    """Return the canonical bytes that `seal_view` was given."""
    return zlib.decompress(open_sealed(key, sealed, view_aad(sitting=str(sitting_id), form=str(form_id), view=view)))
