"""GIFT: true-false, single and multiple choice, short answer, numbers, matching (Moodle documentation, "GIFT format")."""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Final

import msgspec

from questionbank.formats.drafting import read_proposals
from questionbank.formats.enclosing import Enclosures
from questionbank.formats.html_text import html_to_text
from questionbank.formats.options import label_options
from questionbank.formats.reading import Proposal, Reading, Refusal
from questionbank.formats.refusals import RowError, refuse
from questionbank.formats.tags import find_tags, with_tags
from questionbank.formats.tex import FORMULA
from questionbank.formats.words import find_truth
from questionbank.interactions.match import ARROW
from questionbank.interactions.text_entry import near
from questionbank.items.content import Interaction

_ESCAPED: Final = "~=#{}:\\"
_HIDDEN_BASE: Final = 0xFDD0
"""Escaped characters hide in Unicode's noncharacters U+FDD0 … while the markup is taken apart."""
_HIDE: Final = {f"\\{character}": chr(_HIDDEN_BASE + place) for place, character in enumerate(_ESCAPED)}
_SHOW: Final = str.maketrans({hidden: escape[1] for escape, hidden in _HIDE.items()})
_ESCAPE = re.compile(r"\\[~=#{}:\\]")
_NONCHARACTER = re.compile("[\ufdd0-\ufdef]")
_LINE_BREAK: Final = "\ufdef"

_TITLE = re.compile(r"\s*::.*?::", re.DOTALL)
_FORMAT = re.compile(r"\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_BRACES = re.compile(r"\{([^{}]*)\}")
_ANSWER = re.compile(r"([=~])\s*(?:%(-?\d+(?:\.\d+)?)%)?([^=~]*)")
_SIGN = re.compile(r"[=~]")
_TRUTH = re.compile(r"\s*(T|TRUE|F|FALSE)\s*(?:#.*)?", re.IGNORECASE | re.DOTALL)
_DECIMAL: Final = r"[+-]?\d{1,20}(?:\.\d{1,20})?"
_SPAN = re.compile(rf"({_DECIMAL})\s*\.\.\s*({_DECIMAL})", re.ASCII)
_TOLERANT = re.compile(rf"({_DECIMAL})(?:\s*:\s*(\d{{1,20}}(?:\.\d{{1,20}})?))?", re.ASCII)
_TITLE_LINE = re.compile(r"^\s{0,9}::", re.MULTILINE)
_INSIDE = re.compile(r"[=~#]|\s*(?:T|F|TRUE|FALSE)\s*", re.IGNORECASE)
_FULL: Final = 100
_SLACK: Final = 1.0


class _Answer(msgspec.Struct, frozen=True):
    """One answer; `weight` in percent, None when the file gives none."""

    is_right: bool
    weight: float | None
    text: str


def looks_like_gift(text: str) -> bool:
    """Tell GIFT by a title or by braces with answers in them."""
    return bool(_TITLE_LINE.search(text)) or any(_INSIDE.match(group[1].lstrip()) for group in _BRACES.finditer(text))


def read_gift(text: str) -> Reading:
    """Read GIFT; rows are the lines on which questions start, blank lines divide questions.

    Essay questions and descriptions are refused as rows and counted as unsupported.
    """
    unsupported: dict[str, int] = {}
    found: list[Proposal | Refusal] = []
    enclosures = Enclosures()
    for row, block, tags in _split_blocks(text, unsupported):
        try:
            found.append(with_tags(_read_block(row, block, unsupported, enclosures), tags))
        except RowError as error:
            if error.code == "unsupported_interaction":
                _count(unsupported, str(error.fields["kind"]))
            found.append(refuse(row, error))
    return read_proposals("gift", found, unsupported, enclosures)


def _count(unsupported: dict[str, int], feature: str) -> None:
    unsupported[feature] = unsupported.get(feature, 0) + 1


def _split_blocks(text: str, unsupported: dict[str, int]) -> Iterator[tuple[int, str, list[str]]]:
    """Yield each question by its first line, with the tags in the comments right above it."""
    start = 0
    lines: list[str] = []
    tags: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line.lstrip().startswith("//"):
            tags += find_tags(line)
        elif line.lstrip().startswith("$CATEGORY:"):
            _count(unsupported, "category")
        elif line.strip():
            start = start if lines else number
            lines.append(line)
        else:
            if lines:
                yield start, "\n".join(lines), tags
            lines, tags = [], []


def _read_block(row: int, block: str, unsupported: dict[str, int], enclosures: Enclosures) -> Proposal:
    hidden = _hide(block)
    body = hidden[title.end() :] if (title := _TITLE.match(hidden)) else hidden
    markup = _FORMAT.match(body)
    body = body[markup.end() :] if markup else body
    filtered = _SHOWS.get(markup[1].lower() if markup else "moodle")
    show = partial(filtered, enclosures) if filtered else _show
    groups = list(_BRACES.finditer(body))
    if len(groups) != 1:
        raise RowError("unsupported_interaction", kind="cloze" if groups else "description")
    before, after = body[: groups[0].start()].strip(), body[groups[0].end() :].strip()
    stem = f"{before} _____ {after}".strip() if after else before
    answers, _, explanation = groups[0][1].partition("####")
    proposal = Proposal(row=row, stem=show(stem), key="", explanation=show(explanation))
    return _with_answers(proposal, answers, unsupported, show)


def _hide(block: str) -> str:
    if match := _NONCHARACTER.search(block):
        code_point = f"U+{ord(match[0]):04X}"
        raise RowError("hidden_character", place="题目", position=match.start() + 1, code_point=code_point)
    return _ESCAPE.sub(lambda match: _HIDE[match[0]], block)


def _show(text: str) -> str:
    """Return text as it is meant."""
    return text.replace("\\n", "\n").translate(_SHOW).strip()


def _filtered(text: str) -> str:
    """Return text for a filter of TeX, to which \\nu is a letter and no line break."""
    shown = text.replace("\\n", _LINE_BREAK).translate(_SHOW).strip()
    return FORMULA.sub(lambda found: found[0].replace(_LINE_BREAK, "\\n"), shown).replace(_LINE_BREAK, "\n")


def _show_filtered(enclosures: Enclosures, text: str) -> str:
    return enclosures.hold_tex(_filtered(text))


def _show_html(enclosures: Enclosures, text: str) -> str:
    """Return HTML as text. A picture has no file in GIFT."""
    return html_to_text(_filtered(text), enclosures, lambda _: b"")


_SHOWS: Final[Mapping[str, Callable[[Enclosures, str], str]]] = {"html": _show_html, "moodle": _show_filtered}
"""How text of a format is shown in which formulas are looked for; other text is shown as it is."""


def _with_answers(proposal: Proposal, text: str, unsupported: dict[str, int], show: Callable[[str], str]) -> Proposal:
    if truth := _TRUTH.fullmatch(text):
        key = find_truth(truth[1]) or ""
        return msgspec.structs.replace(proposal, kind=Interaction.JUDGEMENT, key=key)
    if not text.strip():
        return msgspec.structs.replace(proposal, kind=Interaction.EXTENDED_TEXT)
    if text.lstrip().startswith("#"):
        return _with_numbers(proposal, text.lstrip()[1:], unsupported)
    answers = _read_answers(text, unsupported, show)
    all_right = all(answer.is_right for answer in answers)
    weighed = any(answer.weight is not None for answer in answers)
    if all_right and not weighed and len(answers) > 1 and any(ARROW in answer.text for answer in answers):
        lines = label_options([answer.text for answer in answers])
        return msgspec.structs.replace(proposal, kind=Interaction.MATCH, options=lines)
    if all_right:
        return _with_variants(proposal, answers, unsupported)
    return _with_choices(proposal, answers, unsupported)


def _with_numbers(proposal: Proposal, text: str, unsupported: dict[str, int]) -> Proposal:
    """Keep the numbers that earn all marks: 36, 36:0.5 or 35.5..36.5."""
    found = _with_variants(proposal, _read_answers(text, unsupported, _show), unsupported)
    return msgspec.structs.replace(found, key=tuple(map(_number, found.key)))


def _number(text: str) -> str:
    if span := _SPAN.fullmatch(text):
        low, high = Decimal(span[1]), Decimal(span[2])
        return near(f"{(low + high) / 2:f}", f"{abs(high - low) / 2:f}")
    if match := _TOLERANT.fullmatch(text):
        return near(match[1], match[2] or "0")
    raise RowError("key_unclear", key=text[:20])


def _with_variants(proposal: Proposal, answers: list[_Answer], unsupported: dict[str, int]) -> Proposal:
    """Keep the variants that earn all marks."""
    if any(0 < (answer.weight or 0) < _FULL for answer in answers):
        _count(unsupported, "partial_credit")
    variants = dict.fromkeys(answer.text for answer in answers if answer.weight in (None, _FULL))
    if not variants:
        raise RowError("partial_credit")
    return msgspec.structs.replace(proposal, kind=Interaction.TEXT_ENTRY, key=tuple(variants))


def _read_answers(text: str, unsupported: dict[str, int], show: Callable[[str], str]) -> list[_Answer]:
    answers = []
    for match in _ANSWER.finditer(text if _SIGN.search(text) else f"={text}"):
        said, sign, _ = match[3].partition("#")
        if sign:
            _count(unsupported, "feedback")
        said = _FORMAT.sub("", said, count=1)
        weight = float(match[2]) if match[2] else None
        answers.append(_Answer(match[1] == "=", weight, show(said)))
    return answers


def _with_choices(proposal: Proposal, answers: list[_Answer], unsupported: dict[str, int]) -> Proposal:
    options = label_options([answer.text for answer in answers])
    right = tuple(option.id for option, answer in zip(options, answers, strict=True) if answer.is_right)
    weighed = {
        option.id: answer.weight for option, answer in zip(options, answers, strict=True) if (answer.weight or 0) > 0
    }
    if right:
        if set(weighed) - set(right):
            _count(unsupported, "partial_credit")
        return msgspec.structs.replace(proposal, kind=Interaction.CHOICE, options=options, key=right)
    if abs(sum(weight or 0 for weight in weighed.values()) - _FULL) > _SLACK:
        raise RowError("partial_credit" if weighed else "key_missing")
    kind = Interaction.MULTIPLE if len(weighed) > 1 else Interaction.CHOICE
    return msgspec.structs.replace(proposal, kind=kind, options=options, key=tuple(weighed))
