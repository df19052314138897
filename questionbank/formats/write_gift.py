"""GIFT out (Moodle documentation, "GIFT format").

Node, depth, difficulty and basis are tags, which stand in a comment; an item whose interaction it does not know stands in one
whole, named as such. An item with formulas is HTML with MathML in it; there is no place for other figures.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from questionbank.formats.tags import tags_in_line, tags_of
from questionbank.formats.write_figures import html_lines, marked_up
from questionbank.formats.write_moodle import moodle_leaves_out
from questionbank.interactions.match import ARROW
from questionbank.interactions.registry import kind_of
from questionbank.interactions.text_entry import find_near
from questionbank.items.content import FigureKind, Interaction, ItemContent, ItemDraft, Option

_SPECIAL: Final = re.compile(r"([~=#{}:\\])")
FIGURES_LEFT_OUT: Final = "图片和录音不能写入 GIFT,请另用 JSON、QTI 或 Moodle XML 导出"
_FULL: Final = 100


def to_gift(drafts: Sequence[ItemDraft]) -> bytes:
    """Return one question per item, divided by blank lines."""
    return "".join(_question(number, draft) for number, draft in enumerate(drafts, 1)).encode()


def gift_leaves_out(content: ItemContent) -> str:
    """Tell that an item stands in comments alone, or without its marks for each answer, as a Chinese message id."""
    if content.interaction not in _WRITERS:
        return "GIFT 没有这种题型,全题只写在注释里"
    return FIGURES_LEFT_OUT if content.figures and not _is_html(content) else moodle_leaves_out(content)


def _is_html(content: ItemContent) -> bool:
    figures = content.figures or ()
    return bool(figures) and all(each.kind is FigureKind.FORMULA for each in figures)


def _question(number: int, draft: ItemDraft) -> str:
    content = draft.content
    about = f"// {tags_in_line(tags_of(draft))}\n"
    if content.interaction not in _WRITERS:
        name, lines = kind_of(content).name, [content.stem, *kind_of(content).typed(content)]
        quoted = "".join(f"// {line}\n" for each in lines for line in each.split("\n"))
        return f"{about}// {number} {name}: GIFT\n{quoted}\n"
    form, content = ("html", _as_html(content)) if _is_html(content) else ("plain", content)
    explanation = f"####{_escape(content.explanation)}" if content.explanation else ""
    answers = _WRITERS[content.interaction](content)
    return f"{about}::{number}::[{form}]{_escape(content.stem)} {{{answers}{explanation}}}\n\n"


def _as_html(content: ItemContent) -> ItemContent:
    """Return an item whose texts are HTML with the formulas in it."""

    def html(text: str) -> str:
        return marked_up(text, content, "", html_lines)

    return msgspec.structs.replace(
        content,
        stem=html(content.stem),
        options=tuple(Option(each.id, html(each.text)) for each in content.options),
        key=tuple(map(html, content.key)) if content.interaction is Interaction.TEXT_ENTRY else content.key,
        explanation=html(content.explanation),
    )


def _truth(content: ItemContent) -> str:
    return content.key[0]


def _variants(content: ItemContent) -> str:
    numbers = [find_near(variant) for variant in content.key]
    if all(numbers):
        return "#" + " ".join(f"={each[0]}:{each[1]}" for each in numbers if each)
    sign = "=%100%" if any(ARROW in variant for variant in content.key) else "="  # a match gives no marks by answer
    return " ".join(f"{sign}{_escape(variant)}" for variant in content.key)


def _choice(content: ItemContent) -> str:
    return " ".join(f"{'=' if each.id in content.key else '~'}{_escape(each.text)}" for each in content.options)


def _multiple(content: ItemContent) -> str:
    share = f"{_FULL / len(content.key):.5f}"
    return " ".join(f"~%{share if each.id in content.key else -_FULL}%{_escape(each.text)}" for each in content.options)


def _match(content: ItemContent) -> str:
    return " ".join(f"={_escape(line)}" for line in kind_of(content).columns(content))


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text).replace("\n", r"\n")


_WRITERS: Final[Mapping[Interaction, Callable[[ItemContent], str]]] = {
    Interaction.JUDGEMENT: _truth,
    Interaction.CHOICE: _choice,
    Interaction.MULTIPLE: _multiple,
    Interaction.TEXT_ENTRY: _variants,
    Interaction.MATCH: _match,
}
