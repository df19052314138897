"""The rooms' own thresholds, as a process of analysis holds them: read again every few seconds, so that a change is taken at once."""

from collections.abc import Iterable
from uuid import UUID

from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.sitting.api import SittingNotFoundError
from proctor.analysis.thresholds import Thresholds, thresholds
from proctor.rooms.service import list_room_rules, place_of

Place = tuple[UUID, str]


class RoomThresholds:
    """Thresholds by room of a sitting; a room that is not known yet has the project's own."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._places: dict[UUID, Place | None] = {}
        self._own: dict[Place, Thresholds] = {}

    def of(self, room_id: UUID | None) -> Thresholds:
        """Return what counts in a room now."""
        place = self._places.get(room_id) if room_id else None
        return self._own.get(place, thresholds()) if place else thresholds()

    async def read(self, room_ids: Iterable[UUID]) -> None:
        """Learn where these rooms are, forget the others, and read every room's rules."""
        scope = Scope(region=self._runtime.settings.root_region)
        async with self._runtime.databases.transaction(scope) as session:
            known, self._places = self._places, {}
            for room_id in set(room_ids):
                try:
                    self._places[room_id] = known.get(room_id) or await place_of(session, room_id)
                except SittingNotFoundError:
                    self._places[room_id] = None
            rules = await list_room_rules(session)
        self._own = {(each.centre_id, each.room): thresholds().with_room(each.after_s) for each in rules}
