"""A form on paper, with its key on sheets of their own: for a pilot with pencils, never for a sealed sitting; pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from exam.core.pdf.fonts import TEXT, missing_characters
from exam.core.pdf.layout import POINTS_PER_MM, wrap
from exam.core.pdf.sheet import A4, About, Ink, Sheet, render_sheets
from questionbank.forms.views import CandidateForm, CandidateSlot, ScoringForm
from questionbank.interactions.photo import PHOTO_PX
from questionbank.interactions.registry import KIND_NAMES, words_of
from questionbank.items.content import Interaction, ItemContent, Photo

_LEFT, _RIGHT, _TOP, _FOOT = 20.0, 190.0, 24.0, 280.0
_LEADING: Final = 1.6
_UNPRINTABLE: Final = "〓"
_TITLE, _HEAD = Ink(size=16, font=TEXT), Ink(size=12, font=TEXT)
_PLAIN, _SMALL = Ink(size=10.5, font=TEXT), Ink(size=8.5, font=TEXT)
_PHOTO_MM: Final = (150.0, 110.0)
_PHOTO_MARGIN: Final = 3.0
_WARNING: Final = "纸面试测用卷,含题库在用试题:用后如数收回,不得外传。"


class _Line(msgspec.Struct, frozen=True):
    """One line, or a photo: how far in, in mm, and the room before it, in lines of its own size."""

    text: str
    ink: Ink
    indent: float = 0
    before: float = 0
    photo: Photo | None = None

    @property
    def height(self) -> float:
        """Height in mm with the room before it."""
        if self.photo:
            return self.photo.height * _photo_scale(self.photo) + _PHOTO_MARGIN
        return self.ink.size * _LEADING * (1 + self.before) / POINTS_PER_MM


def print_form(
    form: CandidateForm, scoring: ScoringForm, contents: Mapping[str, ItemContent], *, dated_on: date, number: str
) -> bytes:
    """Return the PDF of a form and, from a page of its own, of its key with explanations and what they rest on.

    `contents` are the drawn versions by digest; `number` names the print on every page. What the face lacks is printed
    as 〓. Raises FontMissingError.
    """
    pages = [*_paged(_paper(form)), *_paged(_key(form, scoring, contents))]
    about = About(title=f"{form.title} {number}", author="Ankao", subject=form.title, dated_on=dated_on)
    draws = [_drawn(page, f"{number} · {at} / {len(pages)}") for at, page in enumerate(pages, 1)]
    return render_sheets(A4, about, draws)


def _paper(form: CandidateForm) -> Iterator[list[_Line]]:
    """Return the blocks of the paper, each of which stays on one page."""
    total = sum(slot.marks for slot in form.slots)
    facts = f"{len(form.slots)} 题,共 {_marks(total)} 分,{form.duration_s // 60} 分钟"
    names = "姓名:________________  单位:________________________  得分:________"
    yield [*_lines(form.title, _TITLE), *_lines(facts, _PLAIN), *_lines(names, _PLAIN, before=0.5)]
    slots = {slot.slot: slot for slot in form.slots}
    for section in form.sections:
        head = f"{KIND_NAMES[section.interaction]}(第 {section.first}–{section.last} 题,共 {_marks(section.marks)} 分)"
        for number in range(section.first, section.last + 1):
            block = _asked(slots[number])
            yield [*_lines(head, _HEAD, before=1), *block] if number == section.first else block


def _asked(slot: CandidateSlot) -> list[_Line]:
    lines = _lines(f"{slot.slot}. {slot.stem}({_marks(slot.marks)} 分)", _PLAIN, before=0.6)
    for label, text in slot.options:
        shown = f"(  ) {text}" if slot.interaction is Interaction.JUDGEMENT else f"{label}. {text}"
        lines += _lines(shown, _PLAIN, indent=8)
    if slot.photo:
        lines += _lines(f"在照片上圈出 {slot.points} 处。", _PLAIN, indent=8)
        lines.append(_Line("", _PLAIN, 8, photo=slot.photo))
    elif not slot.options or slot.interaction is Interaction.ORDER:
        lines += _lines("答:" + "_" * 40, _PLAIN, indent=8)
    return lines


def _key(form: CandidateForm, scoring: ScoringForm, contents: Mapping[str, ItemContent]) -> Iterator[list[_Line]]:
    yield _lines(f"{form.title} 答案", _TITLE)
    shown = {slot.slot: slot for slot in form.slots}
    for slot in scoring.slots:
        asked, content = shown[slot.slot], contents[slot.version]
        key = slot.accepted or tuple(_told(asked, slot.key))
        lines = _lines(f"{slot.slot}. {' / '.join(key)}", _PLAIN, before=0.5)
        for name, text in (("解析", content.explanation), ("依据", content.basis)):
            lines += _lines(f"{name}:{text}", _SMALL, indent=8) if text else []
        yield lines


def _told(slot: CandidateSlot, key: Sequence[str]) -> Iterable[str]:
    """Return a key as a marker reads it: letters, but a judgement and what is on a photo in words."""
    told = slot.interaction in {Interaction.JUDGEMENT, Interaction.HOTSPOT}
    return words_of(slot.interaction, slot.options, key) if told else key


def _photo_scale(photo: Photo) -> float:
    """Return the millimetres of a pixel: as large as a question may be."""
    return min(_PHOTO_MM[0] / photo.width, _PHOTO_MM[1] / photo.height)


def _marks(hundredths: int) -> str:
    return f"{hundredths / 100:g}"


def _lines(text: str, ink: Ink, *, indent: float = 0, before: float = 0) -> list[_Line]:
    table = str.maketrans(dict.fromkeys(missing_characters(text.replace("\n", "")), _UNPRINTABLE))
    broken = wrap(text.translate(table), ink.font, ink.size, (_RIGHT - _LEFT - indent) * POINTS_PER_MM)
    return [_Line(line, ink, indent, 0 if at else before) for at, line in enumerate(broken)]


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


def _drawn(page: Sequence[_Line], foot: str) -> Callable[[Sheet], None]:
    def draw(sheet: Sheet) -> None:
        y = _TOP
        for line in page:
            y += line.height
            if line.photo:
                size = (line.photo.width * _photo_scale(line.photo), line.photo.height * _photo_scale(line.photo))
                box = (_LEFT + line.indent, y - size[1], *size)
                sheet.photo(box, line.photo.jpeg, frame=_PLAIN.colour, most=PHOTO_PX)
                continue
            sheet.text(_LEFT + line.indent, y, line.text, line.ink)
        sheet.text(_LEFT, _FOOT + 9, _WARNING, _SMALL)
        sheet.text(_RIGHT, _FOOT + 9, foot, _SMALL, align=1)

    return draw
