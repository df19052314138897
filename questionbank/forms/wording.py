"""A form in words for paper: its head, its questions, an answer sheet and the key, whatever file they go into; pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from exam.core.areas import AT
from exam.web.format import marks as show_marks
from exam.web.i18n import set_in_chinese
from questionbank.forms.views import CandidateForm, CandidateSlot, ScoringForm, ScoringSlot
from questionbank.interactions.case import SEVERAL
from questionbank.interactions.figures import mark, read_marks
from questionbank.interactions.formula_text import formula_text
from questionbank.interactions.hotspot import NAMELESS
from questionbank.interactions.registry import KIND_NAMES, words_of
from questionbank.items.content import Figure, FigureKind, Interaction, ItemContent, Photo

ANSWERS_PER_LINE: Final = 4
"""Tabs divide the columns of a line of the answer sheet."""
_BY_LETTER: Final = frozenset({Interaction.CHOICE, Interaction.MULTIPLE})
_RULE: Final = "_" * 60
_RULES: Final = 11
"""Further lines for an answer in words."""
_INDENT: Final = 8.0
_PHOTO_MM: Final = (150.0, 110.0)
_FIGURE_MM: Final = (90.0, 55.0)
_SMALL_MM: Final = (60.0, 32.0)
"""In an option or an explanation: four of them and their question fit on a page."""
_MM_PER_PX: Final = 25.4 / 96
"""A figure is printed no larger than a page on a screen shows it."""


class Face(StrEnum):
    """How a paragraph looks."""

    TITLE = "title"
    HEAD = "head"
    PLAIN = "plain"
    SMALL = "small"


class Formula(msgspec.Struct, frozen=True):
    """MathML that the characters from `start` to `end` of a text say in a line."""

    start: int
    end: int
    mathml: bytes


class Paragraph(msgspec.Struct, frozen=True):
    """Words of one look; `indent` in mm, `before` is room above in lines of its own size, `columns` how tabs divide it.

    `formulas` stand in the text in order. With a photo it is that photo, `scale` mm to a pixel, and has no words.
    """

    text: str
    face: Face = Face.PLAIN
    indent: float = 0
    before: float = 0
    columns: int = 1
    formulas: tuple[Formula, ...] = ()
    photo: Photo | None = None
    scale: float = 0


class Part(msgspec.Struct, frozen=True):
    """What begins on a page of its own: blocks of paragraphs, each of which stays on one page."""

    blocks: tuple[tuple[Paragraph, ...], ...]


class Print(msgspec.Struct, frozen=True, kw_only=True):
    """One copy: the form in words, the number that every page bears, and what its foot and its watermark say."""

    title: str
    number: str
    warning: str
    watermark: str = ""
    parts: tuple[Part, ...]


def word_form(
    form: CandidateForm,
    scoring: ScoringForm,
    contents: Mapping[str, ItemContent],
    *,
    number: str,
    warning: str,
    watermark: str = "",
) -> Print:
    """Return a copy: questions, answer sheet and, as a part of its own, the key with explanations and what they rest on.

    `contents` are the drawn versions by digest.
    """
    parts = (_paper(form), _answer_sheet(form), _key(form, scoring, contents))
    return Print(
        title=form.title,
        number=number,
        warning=set_in_chinese(warning),
        watermark=watermark,
        parts=tuple(Part(tuple(tuple(block) for block in blocks)) for blocks in parts),
    )


def _candidate_head(form: CandidateForm, title: str) -> list[Paragraph]:
    total = sum(slot.marks for slot in form.slots)
    facts = f"{len(form.slots)} 题，共 {show_marks(total)} 分，{form.duration_s // 60} 分钟"
    names = ("姓名:______________  准考证号:______________________", "单位:______________________  得分:________")
    return [
        Paragraph(title, Face.TITLE),
        Paragraph(facts),
        *(Paragraph(set_in_chinese(line), before=0.5) for line in names),
    ]


def _paper(form: CandidateForm) -> Iterator[list[Paragraph]]:
    yield _candidate_head(form, form.title)
    slots = {slot.slot: slot for slot in form.slots}
    for section in form.sections:
        numbers = f"{section.first}–{section.last}" if section.last > section.first else str(section.first)
        span = f"第 {numbers} 题,共 {show_marks(section.marks)} 分"
        head = Paragraph(set_in_chinese(f"{KIND_NAMES[section.interaction]}({span})"), Face.HEAD, before=1)
        for number in range(section.first, section.last + 1):
            block = _asked(slots[number])
            yield [head, *block] if number == section.first else block


def _asked(slot: CandidateSlot) -> list[Paragraph]:
    stem = Paragraph(f"{slot.slot}. {slot.stem}({show_marks(slot.marks)} 分)", before=0.6)
    lines = list(_with_figures(stem, slot.figures, _FIGURE_MM))
    for label, text in slot.options:
        shown = f"(  ) {text}" if slot.interaction is Interaction.JUDGEMENT else f"{_said(label)} {text}"
        lines += _with_figures(Paragraph(shown, indent=_INDENT), slot.figures)
    if slot.photo:
        lines.append(Paragraph(f"在照片上圈出 {slot.points} 处。", indent=_INDENT))
        lines.append(_picture(slot.photo, _PHOTO_MM))
    elif slot.interaction is Interaction.EXTENDED_TEXT:
        lines.append(Paragraph("请在答题卡上作答。", indent=_INDENT))
    elif not slot.options or slot.interaction is Interaction.ORDER:
        lines.append(Paragraph("答：" + "_" * 40, indent=_INDENT))
    return lines


def _with_figures(
    paragraph: Paragraph, figures: Sequence[Figure] | msgspec.UnsetType, most: tuple[float, float] = _SMALL_MM
) -> Iterator[Paragraph]:
    """Yield a paragraph that names its figures where their marks stand, and below it its pictures."""
    kept, words, formulas, shown = figures or (), "", list[Formula](), dict[int, Figure]()
    for part in read_marks(paragraph.text):
        if isinstance(part, str) or part[1] > len(kept):
            words += part if isinstance(part, str) else mark(*part)
            continue
        figure = shown[part[1]] = kept[part[1] - 1]
        said = _named(figure, part[1])
        if figure.kind is FigureKind.FORMULA:
            formulas.append(Formula(len(words), len(words) + len(said), figure.data))
        words += said
    yield msgspec.structs.replace(paragraph, text=words, formulas=tuple(formulas))
    for figure in shown.values():
        if figure.kind is FigureKind.IMAGE:
            photo = Photo(figure.width, figure.height, figure.data)
            yield _picture(photo, (min(most[0], figure.width * _MM_PER_PX), most[1]))


def _named(figure: Figure, number: int) -> str:
    match figure.kind:
        case FigureKind.IMAGE:
            return f"（图{number}）"
        case FigureKind.AUDIO:
            return f"（录音{number}，在考试终端上听）"
        case FigureKind.FORMULA:
            return formula_text(figure.data) or figure.text


def _picture(photo: Photo, most: tuple[float, float]) -> Paragraph:
    scale = min(most[0] / photo.width, most[1] / photo.height)
    return Paragraph("", indent=_INDENT, photo=photo, scale=scale)


def _said(label: str) -> str:
    """Return a label as it is printed; that of a case's question with several right options ends with a plus sign."""
    return f"{label.removesuffix(SEVERAL)}.（多选）" if label.endswith(SEVERAL) else f"{label}."


def _answer_sheet(form: CandidateForm) -> Iterator[list[Paragraph]]:
    yield _candidate_head(form, f"{form.title} 答题卡")
    slots = {slot.slot: slot for slot in form.slots}
    for section in form.sections:
        head = Paragraph(KIND_NAMES[section.interaction], Face.HEAD, before=1)
        boxes = [_box(slots[number]) for number in range(section.first, section.last + 1)]
        wide = section.interaction not in {*_BY_LETTER, Interaction.JUDGEMENT}
        columns = 1 if wide else ANSWERS_PER_LINE if max(map(len, boxes)) <= len("99. [A] [B] [C] [D] [E]") else 2
        lines = ["\t".join(boxes[at : at + columns]) for at in range(0, len(boxes), columns)]
        rules = [Paragraph(_RULE, before=0.8)] * (_RULES * (section.interaction is Interaction.EXTENDED_TEXT))
        for at, line in enumerate(lines):
            yield [*([] if at else [head]), Paragraph(line, before=0.4, columns=columns), *rules]


def _box(slot: CandidateSlot) -> str:
    if slot.interaction is Interaction.JUDGEMENT:
        return f"{slot.slot}. [√] [×]"
    if slot.interaction in _BY_LETTER:
        return f"{slot.slot}. " + " ".join(f"[{label}]" for label, _ in slot.options)
    return f"{slot.slot}. {_RULE}"


def _key(form: CandidateForm, scoring: ScoringForm, contents: Mapping[str, ItemContent]) -> Iterator[list[Paragraph]]:
    yield [Paragraph(f"{form.title} 答案", Face.TITLE)]
    shown = {slot.slot: slot for slot in form.slots}
    for slot in scoring.slots:
        asked, content = shown[slot.slot], contents[slot.version]
        key = slot.accepted or tuple(_told(asked, slot.key))
        said = (("给分", _weighed(asked, slot)), ("解析", content.explanation), ("依据", content.basis))
        yield [
            Paragraph(f"{slot.slot}. {' / '.join(key)}", before=0.5),
            *(
                line
                for name, text in said
                if text
                for line in _with_figures(Paragraph(f"{name}：{text}", Face.SMALL, _INDENT), content.figures)
            ),
        ]


def _weighed(asked: CandidateSlot, slot: ScoringSlot) -> str:
    """Return what each answer earns in the item's own marks, and what the key's sum is worth on this form."""
    weights = slot.weights
    if weights is msgspec.UNSET:
        return ""
    entries = weights.entries if asked.photo else sorted(weights.entries)
    worth = [f"{_answer(asked, label)} 得 {show_marks(each)} 分" for label, each in entries]
    worth.append(f"其他答案各 {show_marks(weights.others)} 分")
    highest = "" if weights.highest is None else f"，不高于 {show_marks(weights.highest)} 分"
    full = f"答案的合计 {show_marks(weights.total(slot.key))} 分即本题满分 {show_marks(slot.marks)} 分，其余按比例折算"
    return f"{'；'.join(worth)}。合计不低于 {show_marks(weights.lowest)} 分{highest}。{full}。"


def _answer(asked: CandidateSlot, label: str) -> str:
    """Return an answer with marks of its own as the key names it; an area without a name by its coordinates."""
    told = "".join(_told(asked, [label]))
    return label.removeprefix(AT).strip() if told == NAMELESS else told


def _told(slot: CandidateSlot, key: Sequence[str]) -> Iterable[str]:
    """Return a key as a marker reads it: letters, but a judgement and what is on a photo in words."""
    told = slot.interaction in {Interaction.JUDGEMENT, Interaction.HOTSPOT}
    return words_of(slot.interaction, slot.options, key) if told else key
