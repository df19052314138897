"""A neighbour's secret: what signs now, and what still does while the other side changes over."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import require_region
from exam.records.exchange.errors import SecretUnreadableError
from exam.records.exchange.models import SECRET_BEFORE_PLACE, SECRET_PLACE, Neighbour
from exam.records.exchange.signing import is_secret, new_secret
from exam.records.exchange.state import require_active

OVERLAP: Final = timedelta(days=7)
"""How long the secret before is good beside the new one."""


class Secrets(msgspec.Struct, frozen=True):
    """What signs and proves; `before` is empty but while a secret is being changed."""

    now: str
    before: str = ""


def secrets_of(runtime: Runtime, neighbour: Neighbour) -> Secrets:
    """Return the secrets that are good at this moment."""
    now = runtime.sealer.open(neighbour.secret_sealed, SECRET_PLACE)
    until = neighbour.secret_before_until
    if neighbour.secret_before_sealed is None or until is None or until <= runtime.clock.now():
        return Secrets(now)
    return Secrets(now, runtime.sealer.open(neighbour.secret_before_sealed, SECRET_BEFORE_PLACE))


async def change_secret(
    session: AsyncSession, principal: Principal, runtime: Runtime, neighbour_id: UUID, *, role: str, given: str = ""
) -> str:
    """Put a new secret, or the one that an upper node has given, in the place of the present one, and return it.

    The present one stays good for OVERLAP: until then both sides may change at different times. Raises
    ExchangeStateError and SecretUnreadableError.
    """
    row = await _locked(session, principal, neighbour_id, role)
    require_active(row.state)
    if given and not is_secret(given):
        raise SecretUnreadableError
    at, secret = runtime.clock.now(), given or new_secret()
    row.secret_before_sealed = runtime.sealer.seal(secrets_of(runtime, row).now, SECRET_BEFORE_PLACE)
    row.secret_before_until = at + OVERLAP
    row.secret_sealed = runtime.sealer.seal(secret, SECRET_PLACE)
    await _note(session, principal, row, "neighbour.secret_changed", at, {"given": bool(given)})
    return secret


async def end_overlap(
    session: AsyncSession, principal: Principal, neighbour_id: UUID, *, role: str, at: datetime
) -> None:
    """Let the secret before be refused from now on, because both sides have changed or because it is known to others."""
    row = await _locked(session, principal, neighbour_id, role)
    if row.secret_before_until is not None and row.secret_before_until > at:
        row.secret_before_until = at
        await _note(session, principal, row, "neighbour.secret_ended", at, {})


async def _locked(session: AsyncSession, principal: Principal, neighbour_id: UUID, role: str) -> Neighbour:
    row = await session.get(Neighbour, neighbour_id, with_for_update=True)
    if row is None:
        raise NotFoundError(neighbour_id=str(neighbour_id))
    require_region(principal, row.region, role)
    return row


async def _note(
    session: AsyncSession, principal: Principal, row: Neighbour, act: str, at: datetime, facts: dict[str, Fact]
) -> None:
    await session.flush()
    await record(session, principal, act, ("neighbour", row.id), at=at, region=row.region, facts=facts)
