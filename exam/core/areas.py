"""Areas of a picture and the points in them: rect, circle, ellipse and poly (QTI shapes), in whole pixels; pure."""

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

AT: Final = "@"
_AREA = re.compile(r"(rect|circle|ellipse|poly) ([0-9]{1,5}(?:,[0-9]{1,5}){2,99})")
_POINT = re.compile(r"([0-9]{1,5}),([0-9]{1,5})")
_NUMBERS: Final = {"rect": 4, "circle": 3, "ellipse": 4}
_LEAST_CORNERS: Final = 3

Point = tuple[int, int]


class Area(msgspec.Struct, frozen=True):
    """One area; `coords` are left, top, right, bottom of a rect, centre and radii of a circle or ellipse, corners of a poly."""

    shape: str
    coords: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.shape} {','.join(map(str, self.coords))}"

    @property
    def corners(self) -> tuple[Point, ...]:
        """The corners of a poly."""
        return tuple(zip(self.coords[::2], self.coords[1::2], strict=False))

    @property
    def extent(self) -> tuple[int, int, int, int]:
        """The least rectangle that holds the area: left, top, right, bottom; negative where it leaves the picture."""
        match self.shape, self.coords:
            case "circle", (x, y, radius):
                return x - radius, y - radius, x + radius, y + radius
            case "ellipse", (x, y, across, down):
                return x - across, y - down, x + across, y + down
            case "rect", (left, top, right, bottom):
                return left, top, right, bottom
        return min(self.coords[::2]), min(self.coords[1::2]), max(self.coords[::2]), max(self.coords[1::2])

    def holds(self, point: Point) -> bool:
        """Tell whether a point lies in the area or on its edge."""
        x, y = point
        match self.shape, self.coords:
            case "rect", (left, top, right, bottom):
                return left <= x <= right and top <= y <= bottom
            case "circle", (middle, height, radius):
                return (x - middle) ** 2 + (y - height) ** 2 <= radius**2
            case "ellipse", (middle, height, across, down):
                return ((x - middle) * down) ** 2 + ((y - height) * across) ** 2 <= (across * down) ** 2
        return _in_polygon(self.corners, point)

    def inside(self) -> Point:
        """Return a point of the area: its middle, or where a poly bends away from that, a corner."""
        left, top, right, bottom = self.extent
        middle = ((left + right) // 2, (top + bottom) // 2)
        return middle if self.holds(middle) else self.corners[0]

    def outline(self, corners: int = 24) -> tuple[Point, ...]:
        """Return the corners of a polygon that comes close to a circle or an ellipse."""
        x, y, across, *down = self.coords
        turns = (2 * math.pi * number / corners for number in range(corners))
        radii = (across, down[0] if down else across)
        return tuple((round(x + radii[0] * math.cos(turn)), round(y + radii[1] * math.sin(turn))) for turn in turns)

    def scaled(self, factor: float) -> "Area":
        """Return the area of a picture that is made smaller or larger."""
        return Area(self.shape, tuple(round(each * factor) for each in self.coords))


def find_area(text: str) -> Area | None:
    """Return the area that "rect 10,20,110,80" and its like name, None for any other text and for an area without inside.

    The area may have a name of its own before an at sign.
    """
    match = _AREA.fullmatch(text.rpartition(AT)[2].strip())
    if match is None:
        return None
    area = Area(match[1], tuple(map(int, match[2].split(","))))
    if area.shape == "poly":
        return area if len(area.coords) % 2 == 0 and len(set(area.corners)) >= _LEAST_CORNERS else None
    if len(area.coords) != _NUMBERS[area.shape]:
        return None
    left, top, right, bottom = area.extent
    return area if left < right and top < bottom else None


def find_point(text: str) -> Point | None:
    """Return the point that "120,45" names, None for any other text."""
    match = _POINT.fullmatch(text)
    return (int(match[1]), int(match[2])) if match else None


def _in_polygon(corners: Sequence[Point], point: Point) -> bool:
    """Tell by the even-odd rule, in integers; the edge belongs to it."""
    x, y = point
    inside = False
    for (ax, ay), (bx, by) in pairwise([*corners, corners[0]]):
        turn = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        if turn == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return True
        if (ay > y) != (by > y) and (turn > 0) == (by > ay):
            inside = not inside
    return inside
