"""Who a node is: its own keys, and the card and certificate of the other side, proposed by one person, confirmed by another."""

from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.db.scope import Scope
from exam.core.errors import NotFoundError, SamePersonError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import require_region
from exam.records.exchange.models import Neighbour
from exam.records.exchange.neighbours import APPROVER, OPERATOR
from exam.records.exchange.state import NeighbourState, require_active
from exam.records.nodes.certificates import fingerprint_of
from exam.records.nodes.errors import NodeNamelessError, SealedForeignError
from exam.records.nodes.models import KEY_PLACE, NodeKey
from exam.records.nodes.sealing import Card, NodeKeys, new_keys, read_card


async def create_keys(session: AsyncSession, principal: Principal, runtime: Runtime) -> Card:
    """Make keys of this instance; the ones before still open what was sealed for them."""
    region = require_region(principal, runtime.settings.root_region, OPERATOR)
    keys, at = new_keys(), runtime.clock.now()
    row = NodeKey(
        region=region,
        card=keys.card.text,
        private_sealed=runtime.sealer.seal(msgspec.json.encode(keys).decode(), KEY_PLACE),
        made_by=principal.account,
        made_at=at,
    )
    session.add(row)
    await session.flush()
    facts = {"card": keys.card.name}
    await record(session, principal, "node_key.made", ("node_key", row.id), at=at, region=region, facts=facts)
    return keys.card


async def find_card(runtime: Runtime) -> Card | None:
    """Return the card of this instance, None before it has keys."""
    known = await _known_keys(runtime)
    return known[0].card if known else None


def may_make_keys(principal: Principal, runtime: Runtime) -> bool:
    """Tell whether somebody administrates the whole of this instance."""
    root = runtime.settings.root_region
    return any(grant.role == OPERATOR and grant.covers(root) for grant in principal.grants)


def card_name(text: str) -> str:
    """Return what people compare of a card, empty for none."""
    return read_card(text).name if text else ""


async def own_keys(runtime: Runtime, name: str = "") -> NodeKeys:
    """Return the keys in use, or those that a card's name means; raises NodeNamelessError and SealedForeignError."""
    known = await _known_keys(runtime)
    if not known:
        raise NodeNamelessError
    for keys in known:
        if name in {"", keys.card.name}:
            return keys
    raise SealedForeignError


def card_of(neighbour: Neighbour) -> Card:
    """Return a neighbour's confirmed card; raises NodeNamelessError."""
    if not neighbour.card:
        raise NodeNamelessError
    return read_card(neighbour.card)


async def neighbour_of_card(session: AsyncSession, name: str) -> Neighbour:
    """Return the neighbour in the scope whose card has this name, locked; raises SealedForeignError."""
    query = select(Neighbour).where(Neighbour.state == NeighbourState.ACTIVE, Neighbour.card != "")
    for row in await session.scalars(query.with_for_update()):
        if read_card(row.card).name == name:
            return row
    raise SealedForeignError


async def propose_identity(
    session: AsyncSession, principal: Principal, runtime: Runtime, neighbour_id: UUID, *, card: str, certificate: str
) -> None:
    """Enter the card and the certificate that the other side has handed over; nothing is believed before a second person.

    Raises CardUnreadableError, CertificateUnreadableError and ExchangeStateError.
    """
    row = await _locked(session, neighbour_id)
    region = require_region(principal, row.region, OPERATOR)
    require_active(row.state)
    row.card_proposed, row.certificate_proposed = read_card(card).text, fingerprint_of(certificate)
    row.identity_by = principal.account
    await session.flush()
    at, facts = runtime.clock.now(), {"card": read_card(card).name, "certificate": row.certificate_proposed}
    await record(session, principal, "node.proposed", ("neighbour", row.id), at=at, region=region, facts=facts)


async def confirm_identity(session: AsyncSession, principal: Principal, runtime: Runtime, neighbour_id: UUID) -> None:
    """Believe what was proposed from now on, once both sides have compared it; raises SamePersonError."""
    row = await _locked(session, neighbour_id)
    region = require_region(principal, row.region, APPROVER)
    require_active(row.state)
    if not row.card_proposed:
        raise NodeNamelessError
    if row.identity_by == principal.account:
        raise SamePersonError
    row.card, row.certificate = row.card_proposed, row.certificate_proposed
    row.card_proposed = row.certificate_proposed = ""
    await session.flush()
    at, facts = runtime.clock.now(), {"card": read_card(row.card).name, "certificate": row.certificate}
    await record(session, principal, "node.confirmed", ("neighbour", row.id), at=at, region=region, facts=facts)


async def _known_keys(runtime: Runtime) -> list[NodeKeys]:
    """Return all keys of this instance, the newest first; they are the installation's, whoever asks for them."""
    async with runtime.databases.session(Scope(region=runtime.settings.root_region)) as session:
        query = select(NodeKey.private_sealed).order_by(NodeKey.made_at.desc(), NodeKey.id.desc())
        sealed = list(await session.scalars(query))
    return [msgspec.json.decode(runtime.sealer.open(each, KEY_PLACE), type=NodeKeys) for each in sealed]


async def _locked(session: AsyncSession, neighbour_id: UUID) -> Neighbour:
    row = await session.get(Neighbour, neighbour_id, with_for_update=True)
    if row is None:
        raise NotFoundError(neighbour_id=str(neighbour_id))
    return row
