"""Names of pictures: `seat/<attempt>/tile`, `seat/<attempt>/full`, `seat/<attempt>/screen`, `camera/<camera>`."""

from enum import StrEnum
from uuid import UUID


class Track(StrEnum):
    """What a seat sends: the tile always, the others when somebody looks."""

    TILE = "tile"
    FULL = "full"
    SCREEN = "screen"


TRACKS = (Track.TILE, Track.FULL, Track.SCREEN)


def seat_source(attempt_id: UUID, track: Track) -> str:
    """Return the name of a seat's picture."""
    return f"seat/{attempt_id}/{track.value}"


def camera_source(camera_id: UUID) -> str:
    """Return the name of a room camera's picture."""
    return f"camera/{camera_id}"


def is_camera(name: str) -> bool:
    """Tell a room camera from a seat: it sends H.264 and is never asked for anything."""
    return name.startswith("camera/")


def track_of(name: str) -> Track | None:
    """Return the track of a seat's picture, None for a camera."""
    return None if is_camera(name) else Track(name.rpartition("/")[2])


def attempt_of(name: str) -> UUID | None:
    """Return the attempt of a seat's picture, None for a camera."""
    return None if is_camera(name) else UUID(name.split("/")[1])
