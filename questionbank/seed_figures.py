"""The figures of the seed banks' items, made here: safety signs, a formula and a fire alarm."""

import io
import wave
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from questionbank.interactions.figures import fit_figure
from questionbank.items.content import Figure, FigureKind

_PX: Final = 240
_SCALE: Final = 3
"""Drawn larger and shrunk, so that edges are smooth."""
_RED, _YELLOW, _BLUE, _GREEN = "#c8102e", "#f9c300", "#1456a0", "#00814a"
_RATE: Final = 16_000
_CURRENT: Final = b"<math><mi>I</mi><mo>=</mo><mfrac><mi>U</mi><mi>R</mi></mfrac></math>"

Points = tuple[int, ...]


class _Sign:
    """A square of 100 × 100 units, in which a sign is drawn."""

    def __init__(self) -> None:
        side = _PX * _SCALE
        self._picture = Image.new("RGB", (side, side), "white")
        self._draw = ImageDraw.Draw(self._picture)
        self._unit = side / 100

    def _px(self, points: Points) -> list[float]:
        return [each * self._unit for each in points]

    def disc(self, *box: int, fill: str) -> None:
        self._draw.ellipse(self._px(box), fill)

    def ring(self, *box: int, line: str, width: int) -> None:
        self._draw.ellipse(self._px(box), None, line, round(width * self._unit))

    def shape(self, *points: int, fill: str) -> None:
        self._draw.polygon(self._px(points), fill)

    def line(self, *points: int, colour: str, width: int) -> None:
        self._draw.line(self._px(points), colour, round(width * self._unit), joint="curve")

    def file(self) -> bytes:
        out = io.BytesIO()
        self._picture.resize((_PX, _PX), Image.Resampling.LANCZOS).save(out, "PNG")
        return out.getvalue()


def _prohibition() -> bytes:
    sign = _Sign()
    sign.shape(26, 54, 68, 54, 68, 62, 26, 62, fill="black")
    sign.shape(71, 54, 76, 54, 76, 62, 71, 62, fill="black")
    sign.line(73, 48, 76, 42, 71, 36, 74, 28, colour="black", width=3)
    sign.ring(5, 5, 95, 95, line=_RED, width=9)
    sign.line(20, 20, 80, 80, colour=_RED, width=8)
    return sign.file()


def _warning() -> bytes:
    sign = _Sign()
    sign.shape(50, 6, 97, 90, 3, 90, fill="black")
    sign.shape(50, 17, 88, 84, 12, 84, fill=_YELLOW)
    sign.shape(55, 32, 39, 60, 49, 60, 43, 79, 62, 53, 51, 53, fill="black")
    return sign.file()


def _mandatory() -> bytes:
    sign = _Sign()
    sign.disc(5, 5, 95, 95, fill=_BLUE)
    sign.disc(32, 30, 68, 82, fill="white")
    sign.disc(26, 18, 74, 66, fill="white")
    sign.shape(20, 44, 80, 44, 80, 50, 20, 50, fill="white")
    sign.line(24, 54, 76, 54, colour=_BLUE, width=3)
    return sign.file()


def _information() -> bytes:
    sign = _Sign()
    sign.shape(5, 5, 95, 5, 95, 95, 5, 95, fill=_GREEN)
    sign.shape(18, 43, 54, 43, 54, 25, 84, 50, 54, 75, 54, 57, 18, 57, fill="white")
    return sign.file()


def _alarm() -> bytes:
    """Return four sweeps of a siren as WAV."""
    sweep = np.linspace(0, 1, _RATE * 3 // 4, endpoint=False)
    pitch = 600 + 600 * np.sin(np.pi * sweep)
    tone = np.sin(2 * np.pi * np.cumsum(np.tile(pitch, 4)) / _RATE)
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes((12_000 * tone).astype("<i2").tobytes())
    return out.getvalue()


_FIGURES: Final[Mapping[str, tuple[FigureKind, Callable[[], bytes], str]]] = {
    "prohibition": (FigureKind.IMAGE, _prohibition, "白底,红色圆环和斜杠,黑色香烟"),
    "warning": (FigureKind.IMAGE, _warning, "黄底黑边的正三角形,黑色闪电"),
    "mandatory": (FigureKind.IMAGE, _mandatory, "蓝色圆形,白色戴安全帽的头像"),
    "information": (FigureKind.IMAGE, _information, "绿色正方形,白色箭头"),
    "alarm": (FigureKind.AUDIO, _alarm, "连续起伏的警报声"),
    "current": (FigureKind.FORMULA, lambda: _CURRENT, "I 等于 U 除以 R"),
}
"""By the name that items.jsonl uses: what it is, how it is made, and what it shows or says in words."""


@cache
def make_figure(name: str) -> Figure:
    """Return a figure as an item keeps it."""
    kind, make, words = _FIGURES[name]
    return fit_figure(kind, make(), words)
