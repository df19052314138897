"""From proposals to drafts: every rule that a row must meet, the same for all dialects."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from questionbank.formats.enclosing import Enclosures
from questionbank.formats.errors import NoQuestionsError
from questionbank.formats.keys import find_letters
from questionbank.formats.reading import Proposal, Reading, Refusal
from questionbank.formats.refusals import RowError, refuse
from questionbank.formats.tex import has_formulas
from questionbank.formats.weighing import read_weights
from questionbank.formats.wording import NODE_LIMIT, OPTION_LIMIT, STEM_LIMIT, require_text, strip_numbers
from questionbank.formats.words import find_depth, find_difficulty, find_truth, is_unsupported_kind
from questionbank.interactions.figures import fit_figure, settle_figures
from questionbank.interactions.photo import fit_photo
from questionbank.interactions.registry import KINDS, find_kind
from questionbank.items.content import Depth, Figure, Interaction, ItemContent, ItemDraft, Option, Photo

_DEFAULT_DIFFICULTY: Final = 30
_TRUTH_PAIR: Final = 2
_MEGABYTE: Final = 1024 * 1024
_MOST_FILE_BYTES: Final = 48 * _MEGABYTE
"""Of all rows together: a small file may name one picture in thousands of them."""
TEX: Final = "latex"
"""What is said of a row in whose text a formula stays as TeX."""


def read_proposals(
    dialect: str,
    found: Iterable[Proposal | Refusal],
    unsupported: dict[str, int],
    enclosures: Enclosures | None = None,
    *,
    tex: bool = False,
) -> Reading:
    """Judge every proposal and gather the reading; raises NoQuestionsError when a file held no row at all.

    `enclosures` are the figures of which characters stand in the proposals; `tex` tells that formulas of TeX still stand in
    them as text.
    """
    enclosures = enclosures or Enclosures()
    everything = [_with_figures(one, enclosures, tex=tex) for one in found]
    if not everything:
        raise NoQuestionsError
    refused = [one for one in everything if isinstance(one, Refusal)]
    drafts, size = [], 0
    for proposal in strip_numbers([one for one in everything if isinstance(one, Proposal)]):
        try:
            draft = build_draft(proposal)
            size = _add_files(size, draft.content)
            drafts.append(draft)
        except RowError as error:
            refused.append(refuse(proposal.row, error))
            if error.code == "unsupported_interaction":
                kind = str(error.fields["kind"])
                unsupported[kind] = unsupported.get(kind, 0) + 1
    refused.sort(key=lambda refusal: refusal.row)
    written = [draft.row for draft in drafts if any(map(has_formulas, _texts(draft.content)))]
    return Reading(
        dialect=dialect,
        drafts=tuple(drafts),
        refused=tuple(refused),
        unsupported=unsupported | ({TEX: len(written)} if written else {}),
        left_out=dict.fromkeys(written, (TEX,)),
    )


def _texts(content: ItemContent) -> Iterator[str]:
    yield from (content.stem, content.explanation, content.basis, *content.key)
    yield from (option.text for option in content.options)


def _with_figures(one: Proposal | Refusal, enclosures: Enclosures, *, tex: bool) -> Proposal | Refusal:
    if isinstance(one, Refusal):
        return one
    try:
        return enclosures.settle(enclosures.find_tex(one) if tex else one)
    except RowError as error:
        return refuse(one.row, error)


def _add_files(size: int, content: ItemContent) -> int:
    """Return a number of bytes with those of an item's photo and figures; raises RowError `figure_total`."""
    photo = 0 if content.photo is msgspec.UNSET else len(content.photo.jpeg)
    size += photo + sum(len(figure.data) for figure in content.figures or ())
    if size > _MOST_FILE_BYTES:
        raise RowError("figure_total", most=_MOST_FILE_BYTES // _MEGABYTE)
    return size


def build_draft(proposal: Proposal) -> ItemDraft:
    """Return the draft of one row, or raise RowError with the first rule it breaks."""
    proposal, figures = _settle_figures(proposal)
    stem = require_text(proposal.stem, "题目", STEM_LIMIT)
    if not stem:
        raise RowError("stem_empty")
    options = _check_options(proposal)
    interaction = _decide(proposal, options)
    stem = KINDS[interaction].restate(stem)
    options, key = KINDS[interaction].settle(stem, options, proposal.key)
    photo: Photo | msgspec.UnsetType = msgspec.UNSET
    if KINDS[interaction].pictured and proposal.photo:
        photo, factor = fit_photo(proposal.photo)
        options = KINDS[interaction].scaled(options, factor)
    content = ItemContent(
        interaction=interaction,
        stem=stem,
        options=options,
        key=key,
        explanation=require_text(proposal.explanation, "解析", STEM_LIMIT),
        basis=require_text(proposal.basis, "依据", STEM_LIMIT),
        photo=photo,
        figures=figures or msgspec.UNSET,
    )
    weights = read_weights(proposal.weights, KINDS[interaction], content)
    content = msgspec.structs.replace(content, weights=weights)
    KINDS[interaction].check(content)
    return ItemDraft(
        content=content,
        node=require_text(proposal.node, "知识点", NODE_LIMIT),
        depth=_read_depth(proposal.depth),
        difficulty=_read_difficulty(proposal.difficulty),
        row=proposal.row,
    )


def _settle_figures(proposal: Proposal) -> tuple[Proposal, tuple[Figure, ...]]:
    """Return the row with its figures fitted and in the one order in which they are stored."""
    fitted = [fit_figure(each.kind, each.data, each.text) for each in proposal.enclosed]
    texts = [proposal.stem, *(option.text for option in proposal.options), proposal.explanation, proposal.weights]
    (stem, *options, explanation, weights), figures = settle_figures(texts, fitted)
    named = tuple(Option(one.id, text) for one, text in zip(proposal.options, options, strict=True))
    settled = msgspec.structs.replace(proposal, stem=stem, options=named, explanation=explanation, weights=weights)
    return settled, figures


def _check_options(proposal: Proposal) -> tuple[Option, ...]:
    """Return the options with clean texts, none empty and, but for lines that hold several, no two the same."""
    named = find_kind(proposal.kind)
    in_lines = named is not None and KINDS[named].in_lines and isinstance(proposal.key, str)
    checked = tuple(Option(one.id, require_text(one.text, f"选项 {one.id}", OPTION_LIMIT)) for one in proposal.options)
    seen: dict[tuple[tuple[bool, str], str], str] = {}
    for option in checked:
        if not option.text:
            raise RowError("option_empty", option=option.id)
        group = (option.id[:1].isdigit(), option.id[:-1])  # the sources of a match are compared with each other only
        bare = re.sub(r"\s+", "", option.text)
        if (group, bare) in seen and not in_lines:
            raise RowError("options_same", first=seen[group, bare], second=option.id)
        seen[group, bare] = option.id
    return checked


def _decide(proposal: Proposal, options: tuple[Option, ...]) -> Interaction:
    """Take the interaction that the file names, or the one that options and key allow."""
    word = proposal.kind.strip()
    named = find_kind(word)
    if named:
        return named
    if word:
        raise RowError("unsupported_interaction" if is_unsupported_kind(word) else "kind_unclear", kind=word[:20])
    truths = {find_truth(option.text) for option in options}
    if truths == {"T", "F"} and len(options) == _TRUTH_PAIR:
        return Interaction.JUDGEMENT
    if not options:
        if isinstance(proposal.key, str) and find_truth(proposal.key):
            return Interaction.JUDGEMENT
        raise RowError("kind_unclear", kind="")
    ids = find_letters(proposal.key, options) if isinstance(proposal.key, str) else proposal.key
    return Interaction.MULTIPLE if ids and len(ids) > 1 else Interaction.CHOICE


def _read_difficulty(word: str) -> int:
    if not word.strip():
        return _DEFAULT_DIFFICULTY
    difficulty = find_difficulty(word)
    if difficulty is None:
        raise RowError("difficulty_unclear", value=word.strip()[:20])
    return difficulty


def _read_depth(word: str) -> Depth:
    if not word.strip():
        return Depth.GRASP
    depth = find_depth(word)
    if depth is None:
        raise RowError("depth_unclear", value=word.strip()[:20])
    return depth
