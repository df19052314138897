"""Figures on their way from a document into its rows.

A reader knows of a picture before it knows whose it is. So the picture stands in the text as one character of the
private use planes, as long as lines and cells are cut up, and becomes a mark (questionbank.interactions.figures) when its
row is whole. Its file is opened then and not earlier, and is made small at once. A formula of TeX goes the same way, and
comes back as it is written where it cannot be a figure.
"""

import re
import unicodedata
from collections.abc import Callable, Container, Hashable, Mapping
from functools import partial
from hashlib import sha256
from typing import Final

import msgspec

from exam.core.sheets.errors import ArchiveBombError
from questionbank.formats.reading import Enclosed, Proposal
from questionbank.formats.refusals import RowError
from questionbank.formats.tex import replace_formulas
from questionbank.formats.tex_mathml import to_mathml
from questionbank.interactions.figures import MOST_FIGURES, fit_figure, mark
from questionbank.interactions.registry import find_kind
from questionbank.items.content import FigureKind, Interaction, Option

Load = Callable[[], Enclosed]

_FIRST: Final = 0xF0000
_MOST: Final = 0x10000
HELD: Final = re.compile("[\U000f0000-\U000fffff]")
"""A character that stands for a figure."""
_MOST_NAMED: Final = 99
_WORDS: Final = 300
"""Characters of what is said of a figure."""


class Enclosures:
    """The figures of one document."""

    def __init__(self) -> None:
        self._loads: list[Load] = []
        self._named: dict[Hashable, str] = {}
        self._fitted: dict[tuple[FigureKind, bytes], bytes | RowError] = {}
        self._tex: dict[str, str] = {}

    def hold(self, load: Load, name: Hashable = None) -> str:
        """Return the character that stands for a figure; `load` is called when its row asks for it, and may raise RowError.

        Figures of one `name`, unless it is None, are one figure: texts in which they stand are the same text.
        """
        if name is not None and name in self._named:
            return self._named[name]
        if len(self._loads) == _MOST:
            raise ArchiveBombError(measure="figures", found=_MOST + 1, limit=_MOST)
        self._loads.append(load)
        held = chr(_FIRST + len(self._loads) - 1)
        self._named |= {} if name is None else {name: held}
        return held

    def hold_tex(self, text: str) -> str:
        """Return a text in which a character stands for each formula of TeX."""
        return replace_formulas(text, self._hold_formula)

    def find_tex(self, proposal: Proposal) -> Proposal:
        """Return a row of plain texts with a character for each formula of TeX; none is looked for where files or an author say so."""
        if proposal.plain or proposal.enclosed:
            return proposal
        return msgspec.structs.replace(
            proposal,
            stem=self.hold_tex(proposal.stem),
            options=tuple(Option(one.id, self.hold_tex(one.text)) for one in proposal.options),
            explanation=self.hold_tex(proposal.explanation),
        )

    def _hold_formula(self, found: re.Match[str]) -> str:
        held = self.hold(partial(_enclose, found), ("TeX", found[0]))
        self._tex[held] = found[0]
        return held

    def settle(self, proposal: Proposal) -> Proposal:
        """Return a row with its figures at their marks; raises RowError where one cannot be used, or not where it stands."""
        proposal = self._with_tex(proposal) if self._tex else proposal
        texts = [proposal.stem, *(option.text for option in proposal.options), proposal.explanation]
        self._forbid("答案", proposal.key if isinstance(proposal.key, str) else "".join(proposal.key))
        self._forbid("依据", proposal.basis)
        known = [each for text in texts for each in HELD.findall(text) if ord(each) - _FIRST < len(self._loads)]
        if not known:
            return proposal
        order = dict.fromkeys(known)
        if len(order) > _MOST_NAMED:
            raise RowError("figure_count", count=len(order), most=MOST_FIGURES)
        enclosed = tuple(self._fit(self._loads[ord(each) - _FIRST]()) for each in order)
        marks = {
            held: mark(each.kind, number) for number, (held, each) in enumerate(zip(order, enclosed, strict=True), 1)
        }
        return _with_marks(msgspec.structs.replace(proposal, enclosed=enclosed), marks)

    def _with_tex(self, proposal: Proposal) -> Proposal:
        """Return a row with TeX as it is written where it cannot be a figure, by what it says or by where it stands."""
        pointed = find_kind(proposal.kind) is Interaction.HOTSPOT
        texts = [proposal.stem, proposal.explanation, *(each.text for each in proposal.options if not pointed)]
        named = dict.fromkeys(each for text in texts for each in HELD.findall(text))
        figures = {each for each in named if each not in self._tex or self._is_usable(each)}
        figures = figures if len(figures) <= MOST_FIGURES else set()

        def written(text: str, kept: Container[str] = ()) -> str:
            return HELD.sub(lambda found: found[0] if found[0] in kept else self._tex.get(found[0], found[0]), text)

        key = proposal.key
        return msgspec.structs.replace(
            proposal,
            stem=written(proposal.stem, figures),
            options=tuple(Option(one.id, written(one.text, () if pointed else figures)) for one in proposal.options),
            explanation=written(proposal.explanation, figures),
            key=written(key) if isinstance(key, str) else tuple(map(written, key)),
            basis=written(proposal.basis),
        )

    def _is_usable(self, held: str) -> bool:
        try:
            self._fit(self._loads[ord(held) - _FIRST]())
        except RowError:
            return False
        return True

    def _forbid(self, place: str, text: str) -> None:
        if self._loads and HELD.search(text):
            raise RowError("figure_place", place=place)

    def _fit(self, found: Enclosed) -> Enclosed:
        """Return a figure as an item keeps it; a file that many rows share is made small, or refused, once."""
        name = found.kind, sha256(found.data).digest()
        if name not in self._fitted:
            try:
                self._fitted[name] = fit_figure(found.kind, found.data).data
            except RowError as error:
                self._fitted[name] = error
        fitted = self._fitted[name]
        if isinstance(fitted, RowError):
            raise RowError(fitted.code, **fitted.fields)
        return Enclosed(found.kind, fitted, _plain_words(found.text))


def _enclose(found: re.Match[str]) -> Enclosed:
    mathml = to_mathml(found[1] or found[2] or found[3], block=found[1] is None)
    if not mathml:
        raise RowError("formula_unreadable")
    return Enclosed(FigureKind.FORMULA, mathml)


def _with_marks(proposal: Proposal, marks: Mapping[str, str]) -> Proposal:
    def marked(text: str) -> str:
        return HELD.sub(lambda found: marks.get(found[0], found[0]), text)

    return msgspec.structs.replace(
        proposal,
        stem=marked(proposal.stem),
        options=tuple(Option(option.id, marked(option.text)) for option in proposal.options),
        explanation=marked(proposal.explanation),
        weights=marked(proposal.weights),
    )


def _plain_words(text: str) -> str:
    """Return what is said of a figure in one line, without what nobody can see."""
    words = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(each for each in words if unicodedata.category(each)[0] != "C")[:_WORDS].strip()
