"""Texts of items on pages: each figure in place of its mark, or a word where there is room for words alone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from questionbank.interactions.figures import clean_formula, mark, replace_marks
from questionbank.items.content import Figure, FigureKind

Figures = Sequence[Figure] | msgspec.UnsetType
WORDS: Final = {FigureKind.IMAGE: "图片", FigureKind.AUDIO: "录音", FigureKind.FORMULA: "公式"}
_IMAGE: Final = Markup('<img class="item-figure" src="{url}" width="{width}" height="{height}" alt="{said}">')
_AUDIO: Final = Markup(
    '<audio class="item-figure" controls controlslist="nodownload" preload="none" src="{url}" aria-label="{said}"></audio>'
)


@pass_context
def figured(context: Context, text: str, figures: Figures) -> Markup:
    """Return an item's text as HTML with its figures at their marks; a mark without a figure stays as it was typed."""
    kept = figures or ()

    def show(kind: FigureKind, number: int) -> str:
        if number > len(kept):
            return mark(kind, number)
        figure = kept[number - 1]
        return _html(figure, figure.text or f"{_word(context, figure.kind)} {number}")

    return Markup(replace_marks(str(escape(text)), show))  # noqa: S704  # escaped above, and every figure is plain


@pass_context
def unfigured(context: Context, text: str) -> str:
    """Return an item's text in words alone, as a list has room for: 〔图1〕 becomes [图片]."""
    return replace_marks(text, lambda kind, _: f"[{_word(context, kind)}]")


def _word(context: Context, kind: FigureKind) -> str:
    return str(context.call(context["_"], WORDS[kind]))


def _html(figure: Figure, said: str) -> Markup:
    if figure.kind is FigureKind.FORMULA:
        return Markup(clean_formula(figure.data))  # noqa: S704  # MathML alone is left of it
    face = _IMAGE if figure.kind is FigureKind.IMAGE else _AUDIO
    return face.format(url=figure.url, width=figure.width, height=figure.height, said=said)


FILTERS: Final[Mapping[str, Callable[..., str]]] = {"figured": figured, "unfigured": unfigured}
