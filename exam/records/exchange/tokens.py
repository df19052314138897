"""Tokens that a neighbour's programs call with: shown once, kept as a digest, for certain acts and for a time."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.crypto import digest
from exam.core.db.scope import Scope
from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.valkey import require_allowance
from exam.identity.api import require_region
from exam.records.exchange.errors import ScopeMissingError, TokenRefusedError, TokenTermError
from exam.records.exchange.models import ApiToken, Neighbour
from exam.records.exchange.neighbours import APPROVER, OPERATOR, NeighbourView
from exam.records.exchange.state import NeighbourState, require_active

PREFIX: Final = "ankao_"
READ, CONFIRM, MERGE = "messages:read", "receipts:write", "enterprises:write"
SCOPES: Final = {READ: "取报文", CONFIRM: "交回执", MERGE: "更新企业底册"}
"""What a token may be for; msgids."""
USUAL: Final = frozenset({READ, CONFIRM})
"""What most neighbours ask for."""
MOST_DAYS: Final = 400
PER_MINUTE: Final = 300
"""Calls of one neighbour, whichever token it uses; each may bring five hundred messages."""
USED_STEP: Final = timedelta(minutes=1)
"""The last use is kept to the minute: a call that only reads should not write."""


def offered(neighbour: Neighbour | NeighbourView) -> Mapping[str, str]:
    """Return what tokens of a neighbour may be for; one that is told nothing has nothing to fetch."""
    return {MERGE: SCOPES[MERGE]} if neighbour.only_calls else SCOPES


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    """A token as pages see it."""

    id: UUID
    name: str
    scopes: list[str]
    issued_by: UUID
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


class Caller(msgspec.Struct, frozen=True):
    """Whose program calls."""

    neighbour_id: UUID
    region: str


async def issue(
    session: AsyncSession,
    principal: Principal,
    neighbour_id: UUID,
    *,
    name: str,
    scopes: Sequence[str],
    days: int,
    at: datetime,
) -> str:
    """Issue a token of an admitted neighbour and return it, to be shown once.

    Raises TokenTermError and ExchangeStateError.
    """
    neighbour = await _neighbour(session, principal, neighbour_id, OPERATOR)
    require_active(neighbour.state)
    if not scopes or not set(scopes) <= set(offered(neighbour)) or not 1 <= days <= MOST_DAYS:
        raise TokenTermError(most=MOST_DAYS)
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        neighbour_id=neighbour_id,
        region=neighbour.region,
        name=name,
        digest=digest(token.encode()),
        scopes=sorted(set(scopes)),
        issued_by=principal.account,
        issued_at=at,
        expires_at=at + timedelta(days=days),
    )
    session.add(row)
    await session.flush()
    facts: dict[str, Fact] = {"scopes": ",".join(row.scopes), "days": days}
    subject = ("api_token", row.id)
    await record(session, principal, "api_token.issued", subject, at=at, region=row.region, facts=facts)
    return token


async def revoke(
    session: AsyncSession, principal: Principal, neighbour_id: UUID, token_id: UUID, *, reason: str, at: datetime
) -> None:
    """Let a token be refused from the next call on; a second time changes nothing."""
    await _neighbour(session, principal, neighbour_id, OPERATOR, APPROVER)
    row = await session.get(ApiToken, token_id, with_for_update=True)
    if row is None or row.neighbour_id != neighbour_id:
        raise NotFoundError(token_id=str(token_id))
    if row.revoked_at is None:
        row.revoked_at = at
        await session.flush()
        subject, facts = ("api_token", row.id), {"reason": reason}
        await record(session, principal, "api_token.revoked", subject, at=at, region=row.region, facts=facts)


async def list_tokens(session: AsyncSession, neighbour_id: UUID) -> list[TokenView]:
    """Return a neighbour's tokens, the latest first."""
    query = select(ApiToken).where(ApiToken.neighbour_id == neighbour_id).order_by(ApiToken.issued_at.desc())
    names = TokenView.__struct_fields__
    return [TokenView(**{name: getattr(row, name) for name in names}) for row in await session.scalars(query)]


async def authenticate(runtime: Runtime, authorization: str, scope: str) -> Caller:
    """Return who calls; raises TokenRefusedError, ScopeMissingError and TooManyRequestsError."""
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer" or not token.startswith(PREFIX):
        raise TokenRefusedError
    now = runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
        query = (
            select(ApiToken)
            .join(Neighbour, Neighbour.id == ApiToken.neighbour_id)
            .where(ApiToken.digest == digest(token.strip().encode()), Neighbour.state == NeighbourState.ACTIVE)
        )
        row = await session.scalar(query)
        if row is None or row.revoked_at is not None or now >= row.expires_at:
            raise TokenRefusedError
        if scope not in row.scopes:
            raise ScopeMissingError(scope=scope)
        if row.last_used_at is None or now - row.last_used_at >= USED_STEP:
            row.last_used_at = now
        caller = Caller(row.neighbour_id, row.region)
    await require_allowance(runtime.valkey, f"exchange:{caller.neighbour_id}", limit=PER_MINUTE, window_s=60)
    return caller


async def _neighbour(session: AsyncSession, principal: Principal, neighbour_id: UUID, *roles: str) -> Neighbour:
    row = await session.get(Neighbour, neighbour_id)
    if row is None:
        raise NotFoundError(neighbour_id=str(neighbour_id))
    held = next((role for role in roles if principal.has_role(role)), roles[0])
    require_region(principal, row.region, held)
    return row
