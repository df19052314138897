"""Names of what is sent: `seat/<attempt>/` and `tile`, `full`, `screen` or `sound`; `camera/<camera>`."""

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID


class Track(StrEnum):
    """What a seat sends: the tile always, the other pictures when somebody looks, its sound when somebody listens."""

    TILE = "tile"
    FULL = "full"
    SCREEN = "screen"
    SOUND = "sound"


PICTURES = (Track.TILE, Track.FULL, Track.SCREEN)
TRACKS = (*PICTURES, Track.SOUND)


def seat_source(attempt_id: UUID, track: Track) -> str:
    """Return the name of a seat's picture."""
    return f"seat/{attempt_id}/{track.value}"


def camera_source(camera_id: UUID) -> str:
    """Return the name of a room camera's picture."""
    return f"camera/{camera_id}"


def is_camera(name: str) -> bool:
    """Tell a room camera from a seat: it sends H.264 and is never asked for anything."""
    return name.startswith("camera/")


def is_sound(name: str) -> bool:
    """Tell a seat's sound from every picture."""
    return name.endswith(f"/{Track.SOUND.value}")


def kinds_of(names: Iterable[str]) -> list[str]:
    """Return the kind of media section (RFC 8866 §5.14) that each of these has in a description."""
    return ["audio" if is_sound(name) else "video" for name in names]


def track_of(name: str) -> Track | None:
    """Return the track of a seat's picture, None for a camera."""
    return None if is_camera(name) else Track(name.rpartition("/")[2])


def attempt_of(name: str) -> UUID | None:
    """Return the attempt of a seat's picture, None for a camera."""
    return None if is_camera(name) else UUID(name.split("/")[1])
