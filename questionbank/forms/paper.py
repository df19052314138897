"""A form on paper as a PDF; pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec
from reportlab.lib.colors import Color

from exam.core.pdf.fonts import TEXT, missing_characters
from exam.core.pdf.layout import POINTS_PER_MM, wrap
from exam.core.pdf.sheet import A4, About, Ink, Sheet, render_sheets
from questionbank.forms.wording import Face, Paragraph, Print
from questionbank.interactions.photo import PHOTO_PX
from questionbank.items.content import Photo

_LEFT, _RIGHT, _TOP, _FOOT = 20.0, 190.0, 24.0, 280.0
_LEADING: Final = 1.6
_PHOTO_MARGIN: Final = 3.0
_UNPRINTABLE: Final = "〓"
_INKS: Final[Mapping[Face, Ink]] = {
    Face.TITLE: Ink(size=16, font=TEXT),
    Face.HEAD: Ink(size=12, font=TEXT),
    Face.PLAIN: Ink(size=10.5, font=TEXT),
    Face.SMALL: Ink(size=8.5, font=TEXT),
}
_WATERMARK: Final = Ink(size=40, font=TEXT, colour=Color(0.91, 0.92, 0.94))


class _Line(msgspec.Struct, frozen=True):
    """One line, or a photo: how far in, in mm, the room before it, in lines of its own size, and how many columns its tabs make."""

    text: str
    ink: Ink
    indent: float = 0
    before: float = 0
    columns: int = 1
    photo: Photo | None = None
    scale: float = 0

    @property
    def height(self) -> float:
        """Height in mm with the room before it."""
        if self.photo:
            return self.photo.height * self.scale + _PHOTO_MARGIN
        return self.ink.size * _LEADING * (1 + self.before) / POINTS_PER_MM


def print_form(worded: Print, *, dated_on: date) -> bytes:
    """Return the PDF of a copy, each part from a page of its own; what the face lacks is printed as 〓.

    Raises FontMissingError.
    """
    pages = [page for part in worded.parts for page in _paged([_block(block) for block in part.blocks])]
    about = About(title=f"{worded.title} {worded.number}", author="Ankao", subject=worded.title, dated_on=dated_on)
    draws = [_drawn(page, worded, f"{worded.number} · {at} / {len(pages)}") for at, page in enumerate(pages, 1)]
    return render_sheets(A4, about, draws)


def _block(paragraphs: Iterable[Paragraph]) -> list[_Line]:
    return [line for paragraph in paragraphs for line in _lines(paragraph)]


def _lines(paragraph: Paragraph) -> list[_Line]:
    ink = _INKS[paragraph.face]
    if paragraph.photo:
        return [_Line("", ink, paragraph.indent, photo=paragraph.photo, scale=paragraph.scale)]
    text = _printable(paragraph.text)
    if paragraph.columns > 1:
        return [_Line(text, ink, paragraph.indent, paragraph.before, paragraph.columns)]
    broken = wrap(text, ink.font, ink.size, (_RIGHT - _LEFT - paragraph.indent) * POINTS_PER_MM)
    return [_Line(line, ink, paragraph.indent, 0 if at else paragraph.before) for at, line in enumerate(broken)]


def _printable(text: str) -> str:
    bare = text.replace("\n", "").replace("\t", "")
    return text.translate({ord(each): _UNPRINTABLE for each in missing_characters(bare)})


def _paged(blocks: Iterable[list[_Line]]) -> Iterator[list[_Line]]:
    """Fill pages with blocks; one that is longer than a page is broken between its lines."""
    page: list[_Line] = []
    used = 0.0
    for block in blocks:
        tall = sum(line.height for line in block)
        for part in [block] if tall <= _FOOT - _TOP else [[line] for line in block]:
            height = sum(line.height for line in part)
            if page and used + height > _FOOT - _TOP:
                yield page
                page, used = [], 0.0
            page += part
            used += height
    yield page


def _drawn(page: Sequence[_Line], worded: Print, foot: str) -> Callable[[Sheet], None]:
    def draw(sheet: Sheet) -> None:
        if worded.watermark:
            sheet.slanted(105, 150, _printable(worded.watermark), _WATERMARK, degrees=40)
        y = _TOP
        for line in page:
            y += line.height
            if line.photo:
                size = (line.photo.width * line.scale, line.photo.height * line.scale)
                box = (_LEFT + line.indent, y - size[1], *size)
                sheet.photo(box, line.photo.jpeg, frame=line.ink.colour, most=PHOTO_PX)
                continue
            wide = (_RIGHT - _LEFT - line.indent) / line.columns
            for column, text in enumerate(line.text.split("\t")):
                sheet.text(_LEFT + line.indent + column * wide, y, text, line.ink)
        small = _INKS[Face.SMALL]
        sheet.text(_LEFT, _FOOT + 9, worded.warning, small)
        sheet.text(_RIGHT, _FOOT + 9, foot, small, align=1)

    return draw
