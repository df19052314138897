"""Signalling in the web process: who may send or see what is decided here; the node believes the ticket alone."""

from datetime import datetime
from uuid import UUID

import httpx
import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.scope import Scope
from exam.core.errors import DomainError
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery.api import OPEN_STATES, AttemptState, AttemptView, Lease, get_attempt, list_room
from exam.sitting.api import SittingNotFoundError, get_room, get_sitting
from proctor.cameras.service import cameras_of_room
from proctor.media import errors
from proctor.media.listening import listening_of
from proctor.media.names import PICTURES, TRACKS, Track, camera_source, kinds_of, seat_source
from proctor.media.registry import NodeEntry, node_of_room
from proctor.media.relay import AFTER_S, WATCH_S, Relays
from proctor.media.schemas import Answered, Publish, Watch
from proctor.media.sdp import check_offer
from proctor.media.ticket import TICKET_S, MediaTicket, mint

NODE_TIMEOUT_S = 6.0
NODE_CONNECTIONS = 16

_BY_CODE: dict[str, type[DomainError]] = {
    error.code: error
    for error in (
        errors.SdpInvalidError,
        errors.SdpTooLargeError,
        errors.MediaTicketError,
        errors.MediaFullError,
        errors.MediaUnavailableError,
    )
}


class Place(msgspec.Struct, frozen=True):
    """Where a picture belongs."""

    sitting_id: UUID
    room_id: UUID
    region: str


class Exchange:
    """The web process's way to the nodes: few connections of its own, so that slow video takes none from answers."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._key = runtime.secrets.tickets
        self._relays = Relays(runtime.settings)
        limits = httpx.Limits(max_connections=NODE_CONNECTIONS, max_keepalive_connections=NODE_CONNECTIONS)
        self._client = httpx.AsyncClient(timeout=NODE_TIMEOUT_S, limits=limits, trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def publish(self, lease: Lease, offer: Publish) -> Answered:
        """Connect a terminal that holds the lease of its attempt."""
        runtime = self._runtime
        tracks = _tracks(offer.tracks)
        sources = tuple(seat_source(lease.attempt_id, track) for track in tracks)
        checked = check_offer(offer.sdp, kinds=kinds_of(sources), direction="sendonly")
        async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
            attempt = await get_attempt(session, lease.attempt_id, now=runtime.clock.now())
            left_s = await _left_s(session, attempt)
        if attempt.epoch != lease.epoch or AttemptState(attempt.state) not in OPEN_STATES:
            raise errors.NotInExamError
        node = await node_of_room(runtime.valkey, attempt.room_id)
        ticket = self._ticket(
            node,
            Place(attempt.sitting_id, attempt.room_id, attempt.region),
            sources,
            checked.fingerprint,
            direction="publish",
            attempt_id=attempt.id,
            epoch=lease.epoch,
        )
        answered = await self._connect(node, ticket, offer.sdp)
        return self._with_relay(answered, attempt.id, left_s + AFTER_S)

    async def watch(self, session: AsyncSession, principal: Principal, room_id: UUID, offer: Watch) -> Answered:
        """Connect a wall to pictures of one room of the principal's region."""
        checked = check_offer(offer.sdp, kinds=kinds_of(offer.sources), direction="recvonly")
        try:
            room = await get_room(session, room_id)
        except SittingNotFoundError as error:
            raise errors.SourceUnknownError from error
        sitting = await get_sitting(session, room.sitting_id)
        known = {camera_source(each.id) for each in await cameras_of_room(session, room)}
        seats = await list_room(session, self._runtime, room_id)
        for each in seats:
            known |= {seat_source(each.id, track) for track in PICTURES}
        sounds = {seat_source(each.id, Track.SOUND): each for each in seats}
        heard = await self._heard(session, principal, sounds, offer.sources)
        if not heard and not known.issuperset(offer.sources):
            raise errors.SourceUnknownError
        node = await node_of_room(self._runtime.valkey, room_id)
        ticket = self._ticket(
            node,
            Place(sitting.id, room.id, sitting.region),
            tuple(offer.sources),
            checked.fingerprint,
            direction="watch",
            account_id=principal.account,
            **heard,
        )
        return self._with_relay(await self._connect(node, ticket, offer.sdp), principal.account or room.id, WATCH_S)

    async def _heard(
        self, session: AsyncSession, principal: Principal, sounds: dict[str, AttemptView], wanted: list[str]
    ) -> dict[str, object]:
        """Return what binds a ticket to the act of listening; empty for pictures. Sound comes alone, and not without the act."""
        if len(wanted) != 1 or wanted[0] not in sounds:
            return {}
        now = self._runtime.clock.now()
        act = await listening_of(session, sounds[wanted[0]], principal.account, at=now)
        if act is None or not act.standing:
            raise errors.ListeningOverError
        return {"listening_id": act.id, "ends_at": int(act.until_at.timestamp())}

    def _with_relay(self, answered: Answered, who: UUID, lasts_s: int) -> Answered:
        """Give the way over the relay to who was connected."""
        ends_at = int(self._runtime.clock.now().timestamp()) + lasts_s
        return msgspec.structs.replace(answered, relay=self._relays.until(ends_at, who))

    def _ticket(
        self,
        node: NodeEntry,
        place: Place,
        sources: tuple[str, ...],
        fingerprint: str,
        **who: object,
    ) -> str:
        now: datetime = self._runtime.clock.now()
        ticket = msgspec.convert(
            {
                "id": new_id(),
                "node": node.name,
                "sitting_id": place.sitting_id,
                "room_id": place.room_id,
                "region": place.region,
                "sources": sources,
                "fingerprint": fingerprint,
                "expires_at": int(now.timestamp()) + TICKET_S,
                **who,
            },
            MediaTicket,
        )
        return mint(ticket, self._key)

    async def _connect(self, node: NodeEntry, ticket: str, sdp: str) -> Answered:
        try:
            answer = await self._client.post(f"{node.url}/connect", json={"ticket": ticket, "sdp": sdp})
        except httpx.HTTPError as error:
            raise errors.MediaUnavailableError(retry_s=1) from error
        if answer.status_code == httpx.codes.OK:
            return msgspec.json.decode(answer.content, type=Answered)
        raise _refusal(answer)


async def _left_s(session: AsyncSession, attempt: AttemptView) -> int:
    """Return how long an attempt still lasts; one that has not begun lasts its sitting's whole time."""
    if attempt.remaining_ms is not None:
        return attempt.remaining_ms // 1000
    return (await get_sitting(session, attempt.sitting_id)).duration_s


def _refusal(answer: httpx.Response) -> DomainError:
    try:
        problem = answer.json()
        known = _BY_CODE[problem["code"]]
        return known(**problem.get("fields", {}))
    except (ValueError, KeyError, TypeError):
        return errors.MediaUnavailableError(retry_s=1)


def _tracks(names: list[str]) -> list[Track]:
    tracks = [track for track in TRACKS if track.value in names]
    if [track.value for track in tracks] != names or Track.TILE not in tracks:
        raise errors.SourceUnknownError
    return tracks
