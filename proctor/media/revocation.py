"""Who must be cut off: terminals whose lease was overtaken or whose attempt has ended, watchers whose account was disabled,
and who listens to a seat past the end of that act.
"""

import asyncio
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.delivery.api import FINISHED_STATES, AttemptState, list_epochs
from exam.identity.api import enabled_accounts
from proctor.media.listening import still_standing
from proctor.media.node import Node
from proctor.media.peer import Peer

LOOK_S = 2.0

log = structlog.get_logger(__name__)


async def revoke(runtime: Runtime, node: Node) -> None:
    """Look every two seconds and end what may no longer be; while the database is away, everything stays as it is."""
    while True:
        await asyncio.sleep(LOOK_S)
        try:
            for peer in await overtaken(runtime, list(node.peers.values())):
                log.info("media.revoked", peer=str(peer.id), direction=peer.ticket.direction)
                peer.close()
        except (SQLAlchemyError, OSError) as error:
            log.warning("media.revocation_blind", error=type(error).__name__)


async def overtaken(runtime: Runtime, peers: list[Peer]) -> list[Peer]:
    """Return the connections that have lost their right."""
    attempts = {peer.ticket.attempt_id for peer in peers if peer.ticket.attempt_id}
    accounts = {peer.ticket.account_id for peer in peers if peer.ticket.account_id}
    acts = {peer.ticket.listening_id for peer in peers if peer.ticket.listening_id}
    if not attempts and not accounts:
        return []
    async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
        epochs = await list_epochs(session, attempts)
        enabled = await enabled_accounts(session, accounts)
        heard = await still_standing(session, acts, at=runtime.clock.now())
    return [peer for peer in peers if not _stands(peer, epochs, enabled, heard)]


def _stands(peer: Peer, epochs: dict[UUID, tuple[int, str]], enabled: set[UUID], heard: set[UUID]) -> bool:
    ticket = peer.ticket
    if ticket.listening_id is not None and ticket.listening_id not in heard:
        return False
    if ticket.account_id is not None and ticket.account_id not in enabled:
        return False
    if ticket.direction != "publish" or ticket.attempt_id is None:
        return True
    epoch, state = epochs.get(ticket.attempt_id, (0, AttemptState.VOIDED.value))
    return epoch == ticket.epoch and state not in FINISHED_STATES
