"""The clips: what is drawn from when to when, and what should be observed. Times are seconds from a clip's beginning."""

from collections.abc import Callable, Iterator

import msgspec
import numpy as np

from proctor.analysis.evaluation.drawing import HEIGHT, WIDTH, Person, Picture, draw, make_person, make_room, sense

VERSION = 2
"""Of the set: figures of different versions are not compared."""
EVERY_S = 4
LENGTH_S = 160
FROM_S, TO_S = 40, 100

Paint = Callable[[int, int], Picture | None]
"""Seat and number of the picture to the picture, None where none comes."""


class Clip(msgspec.Struct, frozen=True):
    """One story of 160 s: from 40 s to 100 s something is so; `kind` is what should be observed, empty for nothing."""

    name: str
    kind: str
    during: Paint


def usual(seat: int, number: int) -> Picture:
    """A candidate at work."""
    return draw(make_room(seat), [make_person(seat)], number)


def _frozen(seat: int, _number: int) -> Picture:
    return usual(seat, FROM_S // EVERY_S)


def _black(seat: int, number: int) -> Picture:
    return sense(np.full((HEIGHT, WIDTH, 3), 4, np.uint8), make_room(seat), number, light=0.6)


def _covered(seat: int, number: int) -> Picture:
    """A hand before the lens: skin, soft, lighter to one side."""
    slope = np.linspace(0.75, 1.1, WIDTH)[None, :, None] * np.array(make_person(seat).skin)[None, None, :]
    return sense(np.repeat(slope, HEIGHT, axis=0).clip(0, 255), make_room(seat), number, light=0.7)


def _moved(seat: int, number: int) -> Picture:
    return draw(make_room(seat), [make_person(seat)], number, shift=110 if seat % 2 else -110)


def _empty(seat: int, number: int) -> Picture:
    return draw(make_room(seat), [], number)


def _beside(seat: int, number: int) -> Picture:
    first = make_person(seat)
    second = make_person(seat + 50)
    x = first.x - 85 if first.x > WIDTH // 2 else first.x + 85
    return draw(make_room(seat), [_at(second, x, first.y - 8, 0.8), first], number)


def _behind(seat: int, number: int) -> Picture:
    first = make_person(seat)
    x = first.x + (82 if first.x < WIDTH // 2 else -82)
    return draw(make_room(seat), [_at(make_person(seat + 90), x, 62, 0.55), first], number)


def _dim(seat: int, number: int) -> Picture:
    return draw(make_room(seat), [make_person(seat)], number, light=0.6)


def _leaning(seat: int, number: int) -> Picture:
    who = make_person(seat)
    return draw(make_room(seat), [_at(who, who.x + (40 if number % 2 else -30), who.y + 6, who.scale * 1.1)], number)


def _writing(seat: int, number: int) -> Picture:
    """Looks down at the desk for a moment, again and again: the face is out of the picture for one picture of three."""
    who = make_person(seat)
    return draw(make_room(seat), [] if number % 3 == 0 else [who], number)


def _passing(seat: int, number: int) -> Picture:
    """Somebody goes by once."""
    first = make_person(seat)
    passing = number == FROM_S // EVERY_S + 2
    others = [_at(make_person(seat + 70), first.x + 90, 70, 0.6)] if passing else []
    return draw(make_room(seat), [*others, first], number)


def _nothing(_seat: int, _number: int) -> Picture | None:
    return None


def _at(who: Person, x: int, y: int, scale: float) -> Person:
    return msgspec.structs.replace(who, x=x, y=y, scale=scale)


CLIPS = (
    Clip("stream_stops", "gone", _nothing),
    Clip("still_picture", "frozen", _frozen),
    Clip("lights_out", "dark", _black),
    Clip("hand_before_the_lens", "dark", _covered),
    Clip("camera_turned", "moved", _moved),
    Clip("empty_seat", "no_face", _empty),
    Clip("second_person_beside", "several_faces", _beside),
    Clip("second_person_behind", "several_faces", _behind),
    Clip("at_work", "", usual),
    Clip("dim_light", "", _dim),
    Clip("leaning", "", _leaning),
    Clip("writing", "", _writing),
    Clip("somebody_passes", "", _passing),
)


def pictures(clip: Clip, seat: int) -> Iterator[tuple[int, Picture | None]]:
    """Yield second and picture of one seat's clip, every four seconds."""
    for at in range(0, LENGTH_S, EVERY_S):
        number = at // EVERY_S
        yield at, clip.during(seat, number) if FROM_S <= at < TO_S else usual(seat, number)
