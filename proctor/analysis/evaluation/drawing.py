"""Drawn pictures of candidates at their desks, 320 × 240 RGB: rooms, people, light and a sensor that trembles.

Every draw comes from a seed, so that a set of clips is the same on every machine.
"""

from typing import Any

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT = 320, 240
SKIN = ((236, 196, 166), (214, 178, 148), (188, 140, 104), (140, 96, 70), (96, 66, 48))
HAIR = ((30, 26, 24), (60, 44, 34), (110, 80, 50), (150, 150, 150))

Picture = npt.NDArray[np.uint8]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody before a camera: where the face is, how large (1 fills a third of the height), how it looks."""

    x: int
    y: int
    scale: float
    skin: tuple[int, int, int]
    hair: tuple[int, int, int]
    coat: tuple[int, int, int]
    glasses: bool = False


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """What stands behind a candidate."""

    wall: tuple[int, int, int]
    window: int
    shelf: int
    noise: float
    seed: int


def make_room(seed: int) -> Room:
    """Return one of many rooms."""
    draw = np.random.RandomState(seed)
    shade = int(draw.randint(95, 190))
    return Room(
        wall=(shade, shade - int(draw.randint(0, 20)), shade - int(draw.randint(0, 30))),
        window=int(draw.randint(0, 40)),
        shelf=int(draw.randint(250, 285)),
        noise=float(draw.uniform(2, 6)),
        seed=seed,
    )


def make_person(seed: int) -> Person:
    """Return one of many people."""
    draw = np.random.RandomState(seed + 1000)
    return Person(
        x=int(draw.randint(135, 185)),
        y=int(draw.randint(88, 118)),
        scale=float(draw.uniform(0.75, 1.15)),
        skin=SKIN[seed % len(SKIN)],
        hair=HAIR[seed % len(HAIR)],
        coat=(int(draw.randint(40, 180)), int(draw.randint(40, 180)), int(draw.randint(60, 200))),
        glasses=bool(seed % 3 == 1),
    )


def draw(room: Room, people: list[Person], number: int, *, light: float = 1.0, shift: int = 0) -> Picture:
    """Draw one picture; `number` moves people a little, `shift` turns the camera by so many pixels."""
    picture = _background(room)
    for each in people:
        _figure(picture, each, number, room.seed)
    cv2.rectangle(picture, (0, 218), (WIDTH, HEIGHT), (120, 92, 66), -1)
    if shift:
        picture = np.roll(picture, shift, axis=1)
    return sense(picture, room, number, light=light)


def sense(picture: Any, room: Room, number: int, *, light: float = 1.0) -> Picture:
    """Return a picture as the room's sensor brings it."""
    trembling = np.random.RandomState(room.seed * 100_003 + number).normal(0, room.noise, (HEIGHT, WIDTH, 1))
    level: Picture = np.clip(picture.astype(np.float32) * light + trembling, 0, 255).astype(np.uint8)
    return level


def _background(room: Room) -> Any:
    picture = np.full((HEIGHT, WIDTH, 3), room.wall, np.uint8)
    left = room.window
    cv2.rectangle(picture, (left, 18), (left + 58, 96), (232, 240, 248), -1)
    cv2.rectangle(picture, (left, 18), (left + 58, 96), (90, 80, 70), 3)
    cv2.line(picture, (left + 29, 18), (left + 29, 96), (90, 80, 70), 3)
    for row in range(40, 200, 34):
        cv2.rectangle(picture, (room.shelf, row), (WIDTH, row + 5), (84, 60, 40), -1)
        for book in range(room.shelf + 2, WIDTH - 6, 9):
            colour = ((book * 7 + row) % 160 + 40, (book * 13) % 160 + 40, (row * 3) % 160 + 40)
            cv2.rectangle(picture, (book, row - 22), (book + 6, row), colour, -1)
    return picture


def _figure(picture: Any, who: Person, number: int, seed: int) -> None:
    x = who.x + int(5 * np.sin(number / 2.3 + seed))
    y = who.y + int(3 * np.sin(number / 1.7 + seed))

    def size(length: float) -> int:
        return max(1, int(length * who.scale))

    cv2.ellipse(picture, (x, y + size(140)), (size(90), size(90)), 0, 180, 360, who.coat, -1)
    cv2.rectangle(picture, (x - size(14), y + size(35)), (x + size(14), y + size(60)), who.skin, -1)
    cv2.ellipse(picture, (x, y), (size(38), size(50)), 0, 0, 360, who.skin, -1)
    cv2.ellipse(picture, (x, y - size(22)), (size(40), size(34)), 0, 180, 360, who.hair, -1)
    shade = tuple(int(level * 0.6) for level in who.skin)
    for side in (-size(14), size(14)):
        open_eye = size(4) if (number + seed) % 9 else 1
        cv2.line(picture, (x + side - size(8), y - size(13)), (x + side + size(8), y - size(13)), who.hair, 2)
        cv2.ellipse(picture, (x + side, y - size(4)), (size(6), open_eye), 0, 0, 360, (245, 245, 245), -1)
        cv2.circle(picture, (x + side, y - size(4)), min(size(3), open_eye), (30, 24, 20), -1)
        if who.glasses:
            cv2.circle(picture, (x + side, y - size(4)), size(11), (20, 20, 20), 1)
    cv2.line(picture, (x, y), (x - size(3), y + size(12)), shade, 2)
    cv2.ellipse(picture, (x, y + size(26)), (size(12), size(4)), 0, 0, 360, (150, 70, 70), -1)
