"""The ceremony: custodians give their shares one by one, and the last of k brings the key into being."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.events import publish
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from questionbank.custody.envelope import read_public
from questionbank.custody.errors import (
    CustodianKeyInvalidError,
    ShareGivenError,
    ShareNotFoundError,
    ShareReasonMissingError,
    ShareTooEarlyError,
)
from questionbank.custody.models import CustodianKey, KeyShare
from questionbank.custody.shamir import combine
from questionbank.custody.sharing import commit_to_key
from questionbank.events import ViewUnsealed
from questionbank.forms.models import Draw, SittingKey
from questionbank.forms.seal import KEY_BYTES, key_aad, unwrap_key, wrap_key
from questionbank.items.drafting import require_account

CANDIDATE, SCORING = "candidate", "scoring"
LEAST_REASON = 5
_LOCK = text("select pg_advisory_xact_lock(hashtextextended('questionbank.custody:' || :sitting || ':' || :view, 0))")


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """One custodian of one view: whether the share has been given, when and why; `sealed` for its own holder only.

    `private` is the holder's wrapped key to which the share was sealed, whatever key has replaced it since. `tried_at` and `lost_at` are what the holder has told of it in a drill.
    """

    number: int
    name: str
    given_at: datetime | None
    reason: str
    mine: bool
    tried_at: datetime | None
    lost_at: datetime | None
    sealed: bytes = b""
    private: dict[str, Any] = {}


class Ceremony(msgspec.Struct, frozen=True, kw_only=True):
    """One view of one sitting: how many shares are wanted, who has given, and whether the key is there."""

    sitting_id: UUID
    qualification: str
    view: str
    starts_at: datetime
    window_opens_at: datetime
    threshold: int
    holders: tuple[Holder, ...]
    unsealed: bool
    wanted: bool

    @property
    def given(self) -> int:
        return sum(holder.given_at is not None for holder in self.holders)

    @property
    def lost(self) -> int:
        return sum(holder.lost_at is not None for holder in self.holders)

    @property
    def left(self) -> int:
        """How many shares there are beside the lost ones."""
        return len(self.holders) - self.lost

    @property
    def mine(self) -> Holder | None:
        return next((holder for holder in self.holders if holder.mine), None)


async def make_custodian_key(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    *,
    public: bytes,
    private_wrapped: dict[str, Any],
    at: datetime,
) -> None:
    """Store a custodian's key pair; an earlier one opens what it was given and gets no further shares.

    Raises CustodianKeyInvalidError.
    """
    account = require_account(principal)
    try:
        read_public(public)
    except ValueError as error:
        raise CustodianKeyInvalidError from error
    region = runtime.settings.root_region
    old = update(CustodianKey).where(CustodianKey.account_id == account, CustodianKey.retired_at.is_(None))
    await session.execute(old.values(retired_at=at), execution_options={"synchronize_session": False})
    key = CustodianKey(
        account_id=account,
        name=principal.name,
        region=region,
        public=public,
        private_wrapped=private_wrapped,
        created_at=at,
        retired_at=None,
    )
    session.add(key)
    await session.flush()
    await record(session, principal, "custody.key_made", ("custodian_key", key.id), at=at, region=region)


async def find_custodian_key(session: AsyncSession, principal: Principal) -> CustodianKey | None:
    """Return the principal's own key in force."""
    mine = CustodianKey.account_id == require_account(principal)
    found: CustodianKey | None = await session.scalar(
        select(CustodianKey).where(mine, CustodianKey.retired_at.is_(None))
    )
    return found


async def list_ceremonies(session: AsyncSession, runtime: Runtime, principal: Principal) -> list[Ceremony]:
    """Return the views whose key is still in pieces, the next start first."""
    query = (
        select(SittingKey, Draw)
        .join(Draw, Draw.sitting_id == SittingKey.sitting_id)
        .where(SittingKey.threshold.is_not(None), SittingKey.wrapped.is_(None))
        .order_by(Draw.starts_at, SittingKey.view)
    )
    return [await _ceremony(session, runtime, principal, *row) for row in await session.execute(query)]


async def get_ceremony(
    session: AsyncSession, runtime: Runtime, principal: Principal, sitting_id: UUID, view: str
) -> Ceremony:
    """Return one view's ceremony; raises ShareNotFoundError where the key was never shared out."""
    query = select(SittingKey, Draw).join(Draw, Draw.sitting_id == SittingKey.sitting_id)
    wanted = (SittingKey.sitting_id == sitting_id, SittingKey.view == view, SittingKey.threshold.is_not(None))
    row = (await session.execute(query.where(*wanted))).one_or_none()
    if row is None:
        raise ShareNotFoundError(sitting_id=str(sitting_id))
    return await _ceremony(session, runtime, principal, *row)


async def _ceremony(
    session: AsyncSession, runtime: Runtime, principal: Principal, key: SittingKey, draw: Draw
) -> Ceremony:
    account = require_account(principal)
    shares = (
        select(KeyShare, CustodianKey)
        .join(CustodianKey, CustodianKey.id == KeyShare.custodian_key_id)
        .where(KeyShare.sitting_id == key.sitting_id, KeyShare.view == key.view)
        .order_by(KeyShare.number)
    )
    holders = tuple(
        Holder(
            number=share.number,
            name=key_of.name,
            given_at=share.given_at,
            reason=share.reason,
            mine=key_of.account_id == account,
            tried_at=share.tried_at,
            lost_at=share.lost_at,
            sealed=share.sealed if key_of.account_id == account else b"",
            private=key_of.private_wrapped if key_of.account_id == account else {},
        )
        for share, key_of in await session.execute(shares)
    )
    return Ceremony(
        sitting_id=key.sitting_id,
        qualification=draw.qualification,
        view=key.view,
        starts_at=draw.starts_at,
        window_opens_at=draw.starts_at - timedelta(minutes=runtime.settings.form_window_min),
        threshold=key.threshold or 0,
        holders=holders,
        unsealed=key.wrapped is not None,
        wanted=key.wrapped is None and (key.view == CANDIDATE or key.opened_at is not None),
    )


async def give_share(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    *,
    sitting_id: UUID,
    view: str,
    share: bytes,
    reason: str,
    at: datetime,
) -> Ceremony:
    """Take one opened share; the k-th puts the key together, checks it and keeps it wrapped for restarts.

    Before the window every giver writes a reason; scoring shares are taken after the close only. A false share shows
    when the key is put together: all given ones are dropped then, and the refusal stands on the ledger.
    Raises ShareNotFoundError, ShareGivenError, ShareTooEarlyError, ShareReasonMissingError and ShareWrongError.
    """
    await session.execute(_LOCK, {"sitting": str(sitting_id), "view": view})
    ceremony = await get_ceremony(session, runtime, principal, sitting_id, view)
    mine = _require_turn(ceremony, reason, at)
    kek, context = runtime.secrets.forms, _pending(sitting_id, view, mine.number)
    given = update(KeyShare).where(
        KeyShare.sitting_id == sitting_id, KeyShare.view == view, KeyShare.number == mine.number
    )
    await session.execute(
        given.values(given=wrap_key(kek, share, context), given_at=at, reason=reason),
        execution_options={"synchronize_session": False},
    )
    facts: dict[str, Fact] = {"view": view, "number": mine.number, "reason": reason}
    region = runtime.settings.root_region
    subject = ("sitting", sitting_id)
    await record(session, principal, "forms.share_given", subject, at=at, region=region, facts=facts)
    if ceremony.given + 1 >= ceremony.threshold:
        await _put_together(session, runtime, principal, ceremony, at=at)
    return await get_ceremony(session, runtime, principal, sitting_id, view)


async def drill(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    *,
    sitting_id: UUID,
    view: str,
    opened: bool,
    at: datetime,
) -> None:
    """Note that a custodian has opened the own share at home, or has lost it; the share itself stays where it is.

    Who finds it again tries again. Raises ShareNotFoundError and ShareGivenError.
    """
    ceremony = await get_ceremony(session, runtime, principal, sitting_id, view)
    mine = _require_kept(ceremony)
    share = update(KeyShare).where(
        KeyShare.sitting_id == sitting_id, KeyShare.view == view, KeyShare.number == mine.number
    )
    told = {"tried_at": at, "lost_at": None} if opened else {"tried_at": None, "lost_at": at}
    await session.execute(share.values(**told), execution_options={"synchronize_session": False})
    act = "forms.share_tried" if opened else "forms.share_lost"
    facts: dict[str, Fact] = {"view": view, "number": mine.number}
    region = runtime.settings.root_region
    await record(session, principal, act, ("sitting", sitting_id), at=at, region=region, facts=facts)


def _require_kept(ceremony: Ceremony) -> Holder:
    """Return the share that one holds and has not given."""
    mine = ceremony.mine
    if mine is None:
        raise ShareNotFoundError(sitting_id=str(ceremony.sitting_id))
    if mine.given_at is not None or ceremony.unsealed:
        raise ShareGivenError(sitting_id=str(ceremony.sitting_id))
    return mine


def _require_turn(ceremony: Ceremony, reason: str, at: datetime) -> Holder:
    mine = _require_kept(ceremony)
    if not ceremony.wanted:
        raise ShareTooEarlyError(sitting_id=str(ceremony.sitting_id))
    early = ceremony.view == CANDIDATE and at < ceremony.window_opens_at
    if early and len(reason.strip()) < LEAST_REASON:
        raise ShareReasonMissingError
    return mine


def _pending(sitting_id: UUID, view: str, number: int) -> bytes:
    return key_aad(sitting=str(sitting_id), view=view, custodian=f"given-{number}")


async def _put_together(
    session: AsyncSession, runtime: Runtime, principal: Principal, ceremony: Ceremony, *, at: datetime
) -> None:
    sitting_id, view = ceremony.sitting_id, ceremony.view
    of_view = (KeyShare.sitting_id == sitting_id, KeyShare.view == view)
    rows = (
        await session.execute(select(KeyShare.number, KeyShare.given).where(*of_view, KeyShare.given.is_not(None)))
    ).all()
    key = _combine(runtime, sitting_id, view, [(number, given) for number, given in rows if given])
    forget = update(KeyShare).where(*of_view)
    commitment = await session.scalar(
        select(SittingKey.commitment).where(SittingKey.sitting_id == sitting_id, SittingKey.view == view)
    )
    subject, region, facts = ("sitting", sitting_id), runtime.settings.root_region, {"view": view}
    if len(key) != KEY_BYTES or commit_to_key(key, sitting_id=sitting_id, view=view) != commitment:
        await session.execute(
            forget.values(given=None, given_at=None, reason=""), execution_options={"synchronize_session": False}
        )
        await record(session, principal, "forms.shares_refused", subject, at=at, region=region, facts=facts)
        return
    wrapped = wrap_key(runtime.secrets.forms, key, key_aad(sitting=str(sitting_id), view=view))
    put = update(SittingKey).where(SittingKey.sitting_id == sitting_id, SittingKey.view == view)
    await session.execute(put.values(wrapped=wrapped), execution_options={"synchronize_session": False})
    await session.execute(forget.values(given=None), execution_options={"synchronize_session": False})
    await record(session, principal, "forms.unsealed", subject, at=at, region=region, facts=facts)
    await publish(session, ViewUnsealed(region=region, sitting_id=sitting_id, view=view), at=at)


def _combine(runtime: Runtime, sitting_id: UUID, view: str, given: Sequence[tuple[int, bytes]]) -> bytes:
    shares = {
        number: unwrap_key(runtime.secrets.forms, sealed, _pending(sitting_id, view, number))
        for number, sealed in given
    }
    if len({len(share) for share in shares.values()}) != 1:
        return b""
    return combine(shares)


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """How a sitting's forms are sealed: `kind` is local or custodians; counts are of the candidate view."""

    kind: str
    threshold: int
    holders: int
    given: int
    lost: int
    unsealed: bool


async def list_seals(session: AsyncSession, sitting_ids: Sequence[UUID]) -> dict[UUID, Seal]:
    """Return the seal of each sitting that has forms."""
    counts = (
        select(
            KeyShare.sitting_id,
            func.count(KeyShare.number),
            func.count(KeyShare.given_at),
            func.count(KeyShare.lost_at),
        )
        .where(KeyShare.sitting_id.in_(sitting_ids), KeyShare.view == CANDIDATE)
        .group_by(KeyShare.sitting_id)
    )
    shares = {sitting_id: tuple(counted) for sitting_id, *counted in await session.execute(counts)}
    columns = (SittingKey.sitting_id, SittingKey.threshold, SittingKey.wrapped.is_not(None))
    keys = select(*columns).where(SittingKey.sitting_id.in_(sitting_ids), SittingKey.view == CANDIDATE)
    return {
        sitting_id: Seal(
            kind="custodians" if threshold else "local",
            threshold=threshold or 0,
            **dict(zip(("holders", "given", "lost"), shares.get(sitting_id, (0, 0, 0)), strict=True)),
            unsealed=there,
        )
        for sitting_id, threshold, there in await session.execute(keys)
    }
