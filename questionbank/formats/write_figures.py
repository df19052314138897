"""Figures of items out: how their files are named, and what stands for them in HTML and XML."""

from collections.abc import Callable
from hashlib import sha256
from html import escape
from typing import Final

from lxml import etree  # type: ignore[import-untyped]

from questionbank.formats.tex import without_formulas
from questionbank.interactions.figures import split_marks
from questionbank.items.content import Figure, FigureKind, Interaction, ItemContent

MATHML_SPACE: Final = "http://www.w3.org/1998/Math/MathML"
EMPTY_LINE: Final = "\u00a0"
"""A firm blank: a line of nothing is not shown, and is not read back."""
_SUFFIXES: Final = {FigureKind.IMAGE: ".jpg", FigureKind.AUDIO: ".m4a"}
_IN_CLOZE: Final = str.maketrans({each: f"&#{ord(each)};" for each in "~#{}"})
"""What would end an embedded answer of Moodle, were it in an attribute."""


def figure_file(figure: Figure) -> str:
    """Return the name of a figure's file, the same for the same bytes; empty for a formula, which is written in place."""
    suffix = _SUFFIXES.get(figure.kind)
    return f"{sha256(figure.data).hexdigest()[:32]}{suffix}" if suffix else ""


def files_of(content: ItemContent) -> dict[str, bytes]:
    """Return the files of an item's figures by name."""
    return {name: figure.data for figure in content.figures or () if (name := figure_file(figure))}


def named_with_figures(content: ItemContent) -> str:
    """Tell that figures in the names of hazards are lost outside JSON, as a Chinese message id; no new item has one there."""
    pointed = content.interaction is Interaction.HOTSPOT
    marked = pointed and any(isinstance(part, int) for each in content.options for part in split_marks(each.text))
    return "隐患名称里的图片、录音和公式不能写入,请另用 JSON 导出" if marked else ""


def without_marks(text: str) -> str:
    """Return the words of a text in one line, where no figure can stand."""
    return " ".join("".join(each for each in split_marks(text) if isinstance(each, str)).split())


def marked_up(text: str, content: ItemContent, folder: str, words: Callable[[str], str]) -> str:
    """Return a text as HTML with its figures, whose files lie in `folder`; `words` makes HTML of what stands between."""
    figures = content.figures or ()
    return "".join(
        words(each) if isinstance(each, str) else _html(figures[each - 1], folder) for each in split_marks(text)
    )


def html_lines(text: str) -> str:
    """Return words as HTML with their line breaks, in which signs of TeX are no formula."""
    first, *more = without_formulas(escape(text, quote=False)).split("\n")
    return "<br>".join([first, *(line or EMPTY_LINE for line in more[:-1]), *more[-1:]])


def _html(figure: Figure, folder: str) -> str:
    said, address = escape(figure.text).translate(_IN_CLOZE), f"{folder}/{figure_file(figure)}"
    if figure.kind is FigureKind.IMAGE:
        return f'<img src="{address}" alt="{said}" width="{figure.width}" height="{figure.height}">'
    if figure.kind is FigureKind.AUDIO:
        return f'<audio controls="controls" aria-label="{said}"><source src="{address}" type="audio/mp4"></audio>'
    head = f'<math xmlns="{MATHML_SPACE}" alttext="{said}"'
    return head + figure.data.decode().removeprefix("<math").translate(_IN_CLOZE)


def mathml_element(figure: Figure) -> etree._Element:
    """Return a formula as an element of MathML with its words."""
    data = figure.data.replace(b"&nbsp;", "\u00a0".encode()).replace(
        b"<math", f'<math xmlns="{MATHML_SPACE}"'.encode(), 1
    )
    element = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    element.set("alttext", figure.text)
    return element
