"""The scene of the seed bank's hazard items, drawn here: a warehouse, with a place where each hazard is."""

import io
from typing import Final

from PIL import Image, ImageDraw

SIZE: Final = (960, 640)
_WALL, _FLOOR, _LINE = "#dfe5ea", "#b9bfc4", "#5b646d"
_SCALE: Final = 2
"""Drawn larger and shrunk, so that edges are smooth."""


def draw_warehouse() -> bytes:
    """Return the scene as JPEG: a blocked extinguisher, an open switch box, a wire through water, a gap in a railing."""
    picture = Image.new("RGB", (SIZE[0] * _SCALE, SIZE[1] * _SCALE), _WALL)
    scene = _Scene(ImageDraw.Draw(picture))
    for part in (_room, _extinguisher, _switch_box, _wire, _platform, _door):
        part(scene)
    out = io.BytesIO()
    picture.resize(SIZE, Image.Resampling.LANCZOS).save(out, "JPEG", quality=82)
    return out.getvalue()


class _Scene:
    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw

    def box(self, left: int, top: int, right: int, bottom: int, fill: str, line: str = _LINE) -> None:
        self._draw.rectangle([each * _SCALE for each in (left, top, right, bottom)], fill, line, 2 * _SCALE)

    def oval(self, left: int, top: int, right: int, bottom: int, fill: str, line: str = _LINE) -> None:
        self._draw.ellipse([each * _SCALE for each in (left, top, right, bottom)], fill, line, 2 * _SCALE)

    def line(self, *points: int, colour: str = _LINE, width: int = 4) -> None:
        self._draw.line([each * _SCALE for each in points], colour, width * _SCALE, joint="curve")


def _room(scene: _Scene) -> None:
    scene.box(-4, 400, 964, 644, _FLOOR, _FLOOR)
    scene.line(0, 400, 960, 400)
    for x in (0, 190, 380, 570, 760):
        scene.line(x + 60, 400, x - 60, 640, colour="#a6adb3", width=2)


def _extinguisher(scene: _Scene) -> None:
    scene.box(84, 236, 176, 400, "#f4f6f8")
    for left in (98, 138):
        scene.box(left, 286, left + 26, 392, "#c22a22", "#7d130e")
        scene.box(left + 8, 268, left + 18, 286, "#30363c")
    for left, top, right, bottom in ((60, 372, 150, 470), (138, 350, 226, 470), (96, 300, 178, 374)):
        scene.box(left, top, right, bottom, "#c89a5b", "#7a5523")
        scene.line(left, (top + bottom) // 2, right, (top + bottom) // 2, colour="#a87b3f", width=6)


def _switch_box(scene: _Scene) -> None:
    scene.box(312, 150, 412, 290, "#8d97a1")
    scene.box(322, 160, 402, 280, "#2f3840")
    scene.box(412, 138, 452, 302, "#a4aeb7")
    for place, colour in enumerate(("#d8b400", "#1f7a3a", "#b3261e")):
        scene.box(332 + 24 * place, 174, 348 + 24 * place, 204, "#e8ecef")
        scene.line(340 + 24 * place, 204, 334 + 24 * place, 262, 352 + 18 * place, 320, colour=colour, width=4)
    scene.oval(350, 96, 376, 122, "#ffd60a")


def _wire(scene: _Scene) -> None:
    scene.oval(430, 500, 640, 566, "#8fb6d6", "#6f9abd")
    scene.oval(470, 514, 560, 540, "#b4d2e8", "#b4d2e8")
    scene.line(372, 316, 390, 440, 470, 520, 560, 544, 690, 520, colour="#1b1f23", width=6)
    scene.box(690, 500, 752, 540, "#e08a1e", "#8a4b00")


def _platform(scene: _Scene) -> None:
    scene.box(600, 260, 940, 284, "#7c868f")
    for x in (620, 910):
        scene.line(x, 284, x, 400, width=8)
    for x in (612, 672, 872, 930):
        scene.line(x, 260, x, 190, colour="#d9a400", width=6)
    for first, last in ((612, 672), (872, 930)):
        for y in (192, 226):
            scene.line(first, y, last, y, colour="#d9a400", width=6)
    scene.box(740, 206, 812, 260, "#c89a5b", "#7a5523")


def _door(scene: _Scene) -> None:
    scene.box(484, 214, 570, 400, "#4d7a57", "#2c4a34")
    scene.box(492, 176, 562, 206, "#1f8a46", "#0e5a2a")
    scene.oval(550, 300, 562, 312, "#d7dde2")
