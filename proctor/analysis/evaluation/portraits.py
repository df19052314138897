"""Drawn portraits, 216 × 216 RGB, that differ in what tells people apart: bones, eyes, brows, nose, mouth, hair, age.

Every draw comes from a seed. Each trait is spread evenly over all people, so that a set of any size holds its extremes.
"""

from typing import Any

import cv2
import msgspec
import numpy as np

from proctor.analysis.evaluation.drawing import Picture

SIZE = 216
SKIN = ((246, 212, 186), (228, 186, 152), (206, 160, 122), (172, 124, 90), (128, 88, 62), (92, 62, 44))
HAIR = ((24, 20, 20), (52, 36, 28), (96, 64, 40), (150, 110, 70), (120, 118, 116), (196, 194, 190))
WALL, COAT, FRAME = (150, 156, 160), (70, 80, 110), (25, 25, 25)

Colour = tuple[int, ...]


class Traits(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody, as places between two extremes from 0 to 1."""

    width: float
    length: float
    jaw: float
    apart: float
    eye: float
    tilt: float
    brow: float
    brow_height: float
    nose: float
    nostrils: float
    mouth: float
    lips: float
    skin: float
    hair: float
    style: float
    beard: float
    age: float
    glasses: float


class Pose(msgspec.Struct, frozen=True):
    """How somebody is seen: `turn` to a side from -1 to 1, the light, a smile from 0 to 1."""

    turn: float = 0.0
    light: float = 1.0
    smile: float = 0.0


def make_traits(count: int, *, seed: int = 7) -> list[Traits]:
    """Return so many different people."""
    names = Traits.__struct_fields__
    spread = {name: _spread(count, seed * 31 + number) for number, name in enumerate(names)}
    return [Traits(**{name: float(spread[name][each]) for name in names}) for each in range(count)]


def _spread(count: int, seed: int) -> Any:
    return (np.random.RandomState(seed).permutation(count) + 0.5) / count


def draw_portrait(who: Traits, pose: Pose) -> Picture:
    """Draw somebody before a wall."""
    return _Sitter(who, pose).draw()


class _Sitter:
    """One drawing: the measures that its parts share, and the parts from the back to the front."""

    def __init__(self, who: Traits, pose: Pose) -> None:
        self.who, self.pose = who, pose
        self.picture: Any = np.full((SIZE, SIZE, 3), WALL, np.uint8)
        self.x, self.y = SIZE / 2 + pose.turn * 4, SIZE / 2
        self.wide, self.long = _between(40, 58, who.width), _between(56, 72, who.length)
        self.chin = _between(0.55, 0.98, who.jaw)
        self.skin, self.hair = _one_of(SKIN, who.skin), _one_of(HAIR, who.hair)
        self.style = int(who.style * 4)
        self.shift = pose.turn * 5
        self.eye_y = self.y - self.long * 0.1
        self.eye_x, self.eye = _between(0.34, 0.52, who.apart) * self.wide, _between(8, 13, who.eye)
        self.nose_y = self.eye_y + _between(0.22, 0.4, who.nose) * self.long
        self.nose_x, self.nostril = self.x + self.shift * 1.6, _between(6, 13, who.nostrils)
        self.mouth_y = self.nose_y + (self.y + self.long * 0.95 - self.nose_y) * 0.42
        self.mouth_x, self.mouth = self.x + self.shift, _between(13, 24, who.mouth)

    def draw(self) -> Picture:
        for part in (self._back, self._skull, self._beard, self._eyes, self._brows, self._nose, self._mouth):
            part()
        self._years()
        self._glasses()
        return self._lit()

    def _back(self) -> None:
        if self.style == 3:  # noqa: PLR2004  # of four: bald, short, with a fringe, long
            self._oval(self.x, self.y - 4, self.wide + 14, self.long + 20, self.hair)
            left, right = int(self.x - self.wide - 14), int(self.x + self.wide + 14)
            cv2.rectangle(self.picture, (left, int(self.y)), (right, SIZE), self.hair, -1)
        neck = self.wide * 0.42
        top = int(self.y + self.long * 0.6)
        cv2.rectangle(self.picture, (int(self.x - neck), top), (int(self.x + neck), SIZE), _dim(self.skin, 0.8), -1)
        self._oval(self.x, SIZE + 20, self.wide * 2, 60, COAT)

    def _skull(self) -> None:
        for side in (-1, 1):
            self._oval(self.x + side * self.wide, self.y + 2, 7, 13, _dim(self.skin, 0.88))
        if self.style in {1, 2}:
            self._oval(self.x, self.y - self.long * 0.35, self.wide + 6, self.long * 0.78, self.hair)
        self._oval(self.x, self.y - self.long * 0.12, self.wide, self.long * 0.88, self.skin)
        self._fill([(1, -0.03), (0.96, 0.3), (self.chin * 0.75, 0.78), (self.chin * 0.35, 0.98)], self.skin)
        if self.style == 2:  # noqa: PLR2004  # a fringe
            self._oval(self.x, self.y - self.long * 0.68, self.wide * 0.98, self.long * 0.34, self.hair)

    def _beard(self) -> None:
        if self.who.beard > 0.7:  # noqa: PLR2004  # most have none
            edge = [(0, 0.36), (0.55, 0.42), (0.95, 0.25), (self.chin * 0.75, 0.8), (self.chin * 0.35, 1.02)]
            self._fill(edge, self.hair)

    def _eyes(self) -> None:
        height = self.eye * _between(0.34, 0.62, self.who.tilt)
        for side in (-1, 1):
            x, y = self.x + side * self.eye_x + self.shift, self.eye_y
            self._oval(x, y, self.eye * 1.35, height * 2.1, _dim(self.skin, 0.86))
            self._oval(x, y, self.eye, height, (240, 238, 234))
            self._oval(x + self.pose.turn * 2, y, height * 0.92, height * 0.92, (70, 46, 30))
            self._oval(x + self.pose.turn * 2, y, height * 0.42, height * 0.42, (12, 10, 10))
            lid, size = (int(x), int(y)), (int(self.eye), int(height))
            cv2.ellipse(self.picture, lid, size, 0, 190, 350, _dim(self.skin, 0.35), 2, cv2.LINE_AA)

    def _brows(self) -> None:
        high, slant = _between(10, 17, self.who.brow_height), _between(-4, 4, self.who.tilt)
        colour = _dim(self.hair, 0.9) if self.style else (60, 44, 36)
        for side in (-1, 1):
            x, y = self.x + side * self.eye_x + self.shift, self.eye_y - high
            points = [(x - self.eye * 1.2, y + 2 - slant * 0.4), (x, y - 2), (x + self.eye * 1.3, y + slant)]
            self._line(points, colour, _between(2, 7, self.who.brow))

    def _nose(self) -> None:
        x, y, wide = self.nose_x, self.nose_y, self.nostril
        self._line([(x - 3, self.eye_y), (x - wide * 0.5, y - 6)], _dim(self.skin, 0.84), 3)
        self._oval(x, y, wide, wide * 0.62, _dim(self.skin, 0.93))
        for side in (-1, 1):
            self._oval(x + side * wide * 0.55, y + 2, wide * 0.28, 2, _dim(self.skin, 0.4))
        self._line([(x - wide, y + 3), (x, y + wide * 0.6 + 1), (x + wide, y + 3)], _dim(self.skin, 0.66), 2)

    def _mouth(self) -> None:
        x, y, thick, smile = self.mouth_x, self.mouth_y, _between(2.5, 7, self.who.lips), self.pose.smile
        lips = tuple(int(own * 0.55 + red * 0.45) for own, red in zip(self.skin, (150, 50, 60), strict=True))
        self._oval(x, y - thick * 0.3, self.mouth, thick * 0.7, lips)
        self._oval(x, y + thick * 0.5, self.mouth * 0.82, thick, lips)
        corners = y - smile * 3
        self._line([(x - self.mouth, corners), (x, y + smile), (x + self.mouth, corners)], _dim(lips, 0.45), 2)
        if 0.5 < self.who.beard <= 0.85:  # noqa: PLR2004  # a moustache, with a beard or alone
            self._oval(x, y - thick - 4, self.mouth * 1.05, 4, self.hair)

    def _years(self) -> None:
        if self.who.age > 0.45:  # noqa: PLR2004  # from here on it shows
            for side in (-1, 1):
                fold = [(self.nose_x + side * self.nostril * 1.3, self.nose_y)]
                fold.append((self.mouth_x + side * self.mouth * 1.25, self.mouth_y + 4))
                self._line(fold, _dim(self.skin, 0.7), 1 + int(self.who.age * 2))
        for row in range(3 if self.who.age > 0.75 else 0):  # noqa: PLR2004  # and here on the forehead
            y, half = self.y - self.long * 0.52 - row * 6, self.wide * 0.5
            self._line([(self.x - half, y), (self.x + half, y)], _dim(self.skin, 0.82), 1)

    def _glasses(self) -> None:
        if self.who.glasses < 2 / 3:
            return
        for side in (-1, 1):
            at = (int(self.x + side * self.eye_x + self.shift), int(self.eye_y))
            cv2.circle(self.picture, at, int(self.eye * 1.45), FRAME, 2, cv2.LINE_AA)
        bridge = self.x + self.shift
        self._line([(bridge - 4, self.eye_y - 2), (bridge + 4, self.eye_y - 2)], FRAME, 2)

    def _lit(self) -> Picture:
        """Return the drawing as light from the front shapes it."""
        soft = cv2.GaussianBlur(self.picture, (0, 0), 1.1).astype(np.float32)
        down, across = np.mgrid[0:SIZE, 0:SIZE]
        sides = np.clip(((across - self.x - 12 * self.pose.turn) / (self.wide * 1.25)) ** 2, 0, 1)
        fall = 1.08 - 0.42 * sides - 0.16 * np.clip((down - self.y) / self.long, -0.6, 1)
        lit: Picture = np.clip(soft * fall[..., None] * self.pose.light, 0, 255).astype(np.uint8)
        return lit

    def _oval(self, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
        size = (max(1, round(wide)), max(1, round(high)))
        cv2.ellipse(self.picture, (round(x), round(y)), size, 0, 0, 360, colour, -1, cv2.LINE_AA)

    def _line(self, points: list[tuple[float, float]], colour: Colour, thick: float) -> None:
        cv2.polylines(
            self.picture, [np.array(points, np.int32)], False, colour, max(1, round(thick)), cv2.LINE_AA
        )  # OpenCV takes it so

    def _fill(self, edge: list[tuple[float, float]], colour: Colour) -> None:
        """Fill what lies within an edge and its mirror, in half widths and half lengths of the face."""
        whole = edge + [(-across, down) for across, down in reversed(edge)]
        points = [(self.x + across * self.wide, self.y + down * self.long) for across, down in whole]
        cv2.fillPoly(self.picture, [np.array(points, np.int32)], colour, cv2.LINE_AA)


def _between(low: float, high: float, place: float) -> float:
    return low + (high - low) * place


def _one_of(colours: tuple[Colour, ...], place: float) -> Colour:
    return colours[min(len(colours) - 1, int(place * len(colours)))]


def _dim(colour: Colour, by: float) -> Colour:
    return tuple(min(255, int(level * by)) for level in colour)
