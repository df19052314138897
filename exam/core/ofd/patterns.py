"""Finished artwork as OFD paths: the few PDF operators that `exam.core.pdf.artwork` writes, in its own millimetres."""

import zlib
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from exam.core.pdf.artwork import Artwork
from exam.core.pdf.layout import POINTS_PER_MM

Matrix = tuple[float, float, float, float, float, float]
_MOVED: Matrix = (1, 0, 0, 1, 0, 0)


class Path(msgspec.Struct, frozen=True):
    """One figure: AbbreviatedData from the artwork's top left corner, an RGB of 0 to 255, a line width, 0 to fill."""

    data: str
    colour: str
    weight: float


def rgb(red: float, green: float, blue: float) -> str:
    """Return a colour as the standard writes it (8.3)."""
    return f"{round(red * 255)} {round(green * 255)} {round(blue * 255)}"


@lru_cache(maxsize=8)
def paths_of(art: Artwork) -> tuple[Path, ...]:
    """Return the figures of a drawing in its order; lines of one colour and width are one figure."""
    found: list[Path] = []
    for each in _Reader(art.size[1] / POINTS_PER_MM).read(zlib.decompress(art.program).decode().split()):
        last = found[-1] if found else None
        if last and each.weight and (last.colour, last.weight) == (each.colour, each.weight):
            found[-1] = msgspec.structs.replace(last, data=f"{last.data} {each.data}")
        else:
            found.append(each)
    return tuple(found)


class _Reader:
    """Follows the operators; the first scaling, from millimetres to points, is left out."""

    def __init__(self, height: float) -> None:
        self._height = height
        self._matrix, self._kept = _MOVED, list[Matrix]()
        self._line, self._fill, self._weight = "", "", 0.0
        self._data = list[str]()

    def read(self, words: list[str]) -> Iterator[Path]:
        """Yield what is stroked and filled."""
        numbers = list[float]()
        for word in words[words.index("cm") + 1 :]:
            if word[-1].isdigit():
                numbers.append(float(word))
                continue
            if word == "S":
                yield Path(self._taken(), self._line, self._weight)
            elif word == "f":
                yield Path(self._taken(), self._fill, 0)
            else:
                self._follow(word, numbers)
            numbers = []

    def _taken(self) -> str:
        data, self._data = " ".join(self._data), []
        return data

    def _follow(self, word: str, numbers: list[float]) -> None:
        if word == "RG":
            self._line = rgb(*numbers)
        elif word == "rg":
            self._fill = rgb(*numbers)
        elif word == "w":
            self._weight = numbers[0]
        elif word == "q":
            self._kept.append(self._matrix)
        elif word == "Q":
            self._matrix = self._kept.pop()
        elif word == "cm":
            a, b, c, d, e, f = numbers
            self._matrix = (a, b, c, d, e, f)  # the artwork never turns twice
        elif word in _PIECES:
            self._data.append(f"{_PIECES[word]} {self._placed(numbers)}")
        elif word == "re":
            self._data.append(self._rectangle(*numbers))

    def _placed(self, numbers: list[float]) -> str:
        a, b, c, d, e, f = self._matrix
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        return " ".join(f"{a * x + c * y + e:.2f} {self._height - b * x - d * y - f:.2f}" for x, y in pairs)

    def _rectangle(self, x: float, y: float, width: float, height: float) -> str:
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        first, *others = (self._placed(list(corner)) for corner in corners)
        return f"M {first} " + " ".join(f"L {each}" for each in others) + " C"


_PIECES = {"m": "M", "c": "B"}
