"""隐患辨识: answered by pointing at places of a photo (QTI select point interaction, map_response_point)."""

from collections.abc import Sequence
from typing import Final

import msgspec

from exam.core.areas import AT, Area, find_area
from exam.core.weights import Weights
from questionbank.formats.options import LETTERS
from questionbank.formats.refusals import RowError
from questionbank.interactions.figures import split_marks
from questionbank.interactions.kind import Kind, Labelled, Settled, Shown
from questionbank.items.content import Interaction, ItemContent, Option

NAMELESS: Final = "—"
"""How an area without a name is told."""


class Hotspot(Kind):
    """隐患辨识题: the options are the areas to be found, as "灭火器被遮挡 @ rect 10,20,110,80"; all of them are the key."""

    interaction = Interaction.HOTSPOT
    name = "隐患辨识题"
    words = "隐患辨识 隐患辨识题 隐患识别题 看图找隐患 热点题 hotspot select_point selectpoint ddmarker"
    rule = "points"
    pictured = True
    lines = (
        "每行一处隐患,写成“名称 @ rect 左,上,右,下”;也可用 circle 圆心x,圆心y,半径、ellipse、poly。坐标为照片的像素。"
    )

    def settle(self, stem: str, options: tuple[Option, ...], key: str | tuple[str, ...]) -> Settled:
        del stem, key
        if not 0 < len(options) <= len(LETTERS):
            raise RowError("option_count", count=len(options), least=1, most=len(LETTERS))
        stored = tuple(Option(letter, _settled(each.text)) for letter, each in zip(LETTERS, options, strict=False))
        return stored, tuple(option.id for option in stored)

    def check(self, content: ItemContent) -> None:
        photo = content.photo
        if photo is msgspec.UNSET:
            raise RowError("photo_missing")
        for option in content.options:
            if any(isinstance(each, int) for each in split_marks(option.text)):
                raise RowError("figure_place", place="隐患名称")
            left, top, right, bottom = area_of(option.text).extent
            if min(left, top) < 0 or right > photo.width or bottom > photo.height:
                raise RowError("area_outside", area=option.text[:40], width=photo.width, height=photo.height)

    def scaled(self, options: tuple[Option, ...], factor: float) -> tuple[Option, ...]:
        return tuple(
            Option(each.id, area_line(name_of(each.text), area_of(each.text).scaled(factor))) for each in options
        )

    def show(self, content: ItemContent, order: Sequence[int]) -> Shown:
        """Show the photo and how many points are wanted; of the areas nothing."""
        del order
        return Shown((), (), points=len(content.options))

    def key_of(self, content: ItemContent, labels: Labelled) -> tuple[str, ...]:
        del labels
        return tuple(option.text for option in content.options)

    def weighed(self, content: ItemContent) -> Labelled:
        return tuple((option.id, option.id) for option in content.options)

    def weights_of(self, content: ItemContent, labels: Labelled) -> Weights | msgspec.UnsetType:
        del labels
        return super().weights_of(content, tuple((option.text, option.id) for option in content.options))

    def told(self, options: Labelled, key: Sequence[str]) -> tuple[str, ...]:
        """Return the names of areas, and points as coordinates."""
        texts = dict(options)
        lines = [texts.get(each, each) for each in key]
        return tuple((name_of(line) or NAMELESS) if AT in line else f"({line})" for line in lines)

    def choices(self, content: ItemContent) -> Labelled:
        """Return nothing: points are too many to be counted one by one."""
        del content
        return ()

    def cell(self, content: ItemContent) -> str:
        """Return nothing: the areas themselves are the key."""
        del content
        return ""


def area_line(name: str, area: Area) -> str:
    """Return an area with its name as an author writes it."""
    return f"{name} {AT} {area}".strip()


def name_of(text: str) -> str:
    """Return the name of an area, empty where it has none."""
    return text.rpartition(AT)[0].strip()


def area_of(text: str) -> Area:
    """Return the area of a line; raises RowError `area_unclear`."""
    area = find_area(text)
    if area is None:
        raise RowError("area_unclear", excerpt=text[:40])
    return area


def _settled(text: str) -> str:
    plain = text.replace("＠", AT).replace("，", ",")
    name, _, _ = plain.rpartition(AT)
    if AT in name or "\n" in plain:
        raise RowError("group_divider", divider=AT, excerpt=text[:20])
    return area_line(name.strip(), area_of(plain))
