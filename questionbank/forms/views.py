"""The two faces of a form: what a candidate sees and what scoring needs, as types that cannot be mistaken."""

from collections.abc import Mapping, Sequence

import msgspec

from exam.core.errors import ConflictError
from exam.core.weights import Weights
from questionbank.forms.assembly import Assembly, AssemblySlot
from questionbank.interactions.figures import pick_figures
from questionbank.interactions.kind import Labelled, Shown
from questionbank.interactions.registry import KINDS, kind_of
from questionbank.items.content import Figure, Interaction, ItemContent, Photo

DEFAULT_RULES: Mapping[Interaction, str] = {interaction: kind.rule for interaction, kind in KINDS.items()}


def rules_of(multiple_rule: str) -> dict[Interaction, str]:
    """Return the score rule of each interaction, where multiple choice has the one of the sitting's rule set."""
    return {**DEFAULT_RULES, Interaction.MULTIPLE: multiple_rule}


class FormContentError(ConflictError):
    """An item version that a form names is missing or is not the one that was drawn."""

    code = "form_content"
    message = "第 {slot} 题的试题内容缺失或与组卷时不一致,请重新组卷。"


class CandidateSlot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question as shown; `slot` counts from 1, `options` are (displayed label, text), `marks` in hundredths.

    A hotspot has a photo, in which `points` places are to be shown; `figures` stand at their marks in stem and options,
    those of the explanation are not among them. Unset, they leave no trace in a form's bytes.
    """

    slot: int
    interaction: Interaction
    stem: str
    options: tuple[tuple[str, str], ...]
    marks: int
    photo: Photo | msgspec.UnsetType = msgspec.UNSET
    points: int | msgspec.UnsetType = msgspec.UNSET
    figures: tuple[Figure, ...] | msgspec.UnsetType = msgspec.UNSET


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run of slots with the same interaction; `first` and `last` are slot numbers, `marks` their sum."""

    interaction: Interaction
    first: int
    last: int
    marks: int


class CandidateForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """试卷 as the candidate sees it.

    It has no field for a key, a score rule, an explanation, a difficulty or a bank id, so that none can slip in.
    """

    title: str
    duration_s: int
    sections: tuple[Section, ...]
    slots: tuple[CandidateSlot, ...]


class ScoringSlot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one slot is scored.

    `key` is in displayed labels, of an order in their sequence, `option_map` holds (displayed, original) labels of all
    that a response may name, `accepted` the variants of a text entry, `options` the number of displayed options. `weights`
    are the item's own marks for each answer, by the labels of the key; unset, they leave no trace in a form's bytes.
    """

    slot: int
    item_id: str
    version: str
    interaction: Interaction
    rule: str
    key: tuple[str, ...]
    accepted: tuple[str, ...]
    option_map: tuple[tuple[str, str], ...]
    options: int
    marks: int
    weights: Weights | msgspec.UnsetType = msgspec.UNSET


class ScoringForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The scoring view of a form; it is sealed apart and never leaves the grading worker."""

    algorithm: str
    slots: tuple[ScoringSlot, ...]


def render_views(
    assembly: Assembly,
    items: Mapping[str, ItemContent],
    *,
    title: str,
    duration_s: int,
    rules: Mapping[Interaction, str] = DEFAULT_RULES,
) -> tuple[CandidateForm, ScoringForm]:
    """Return both views of one assembly.

    `items` maps the version digest of every drawn item to its content; `rules` names the score rule of each
    interaction. Raises `FormContentError` where content is missing or has other options than were drawn.
    """
    shown, scored = [], []
    for slot in assembly.slots:
        content = _require_content(items, slot)
        seen = kind_of(content).show(content, slot.option_order)
        shown.append(_candidate_slot(slot, content, seen))
        scored.append(_scoring_slot(slot, content, seen, rules[content.interaction]))
    form = CandidateForm(title=title, duration_s=duration_s, sections=_sections(shown), slots=tuple(shown))
    return form, ScoringForm(algorithm=assembly.algorithm, slots=tuple(scored))


def _require_content(items: Mapping[str, ItemContent], slot: AssemblySlot) -> ItemContent:
    content = items.get(slot.version)
    if content is None or content.interaction != slot.interaction or len(content.options) != len(slot.option_order):
        raise FormContentError(slot=slot.slot)
    return content


def _candidate_slot(slot: AssemblySlot, content: ItemContent, seen: Shown) -> CandidateSlot:
    stem, options, figures = _figured(content, seen)
    return CandidateSlot(
        slot=slot.slot,
        interaction=content.interaction,
        stem=stem,
        options=options,
        marks=slot.marks,
        photo=content.photo,
        points=seen.points or msgspec.UNSET,
        figures=figures or msgspec.UNSET,
    )


def _figured(content: ItemContent, seen: Shown) -> tuple[str, Labelled, tuple[Figure, ...]]:
    if not content.figures:
        return content.stem, seen.options, ()
    (stem, *texts), figures = pick_figures([content.stem, *(text for _, text in seen.options)], content.figures)
    return stem, tuple((label, text) for (label, _), text in zip(seen.options, texts, strict=True)), figures


def _scoring_slot(slot: AssemblySlot, content: ItemContent, seen: Shown, rule: str) -> ScoringSlot:
    kind = kind_of(content)
    try:
        key = kind.key_of(content, seen.labels)
        weights = kind.weights_of(content, seen.labels)
    except KeyError:
        raise FormContentError(slot=slot.slot) from None
    return ScoringSlot(
        slot=slot.slot,
        item_id=slot.item_id,
        version=slot.version,
        interaction=content.interaction,
        rule=rule,
        key=key,
        accepted=kind.accepted(content),
        option_map=seen.labels,
        options=len(seen.options),
        marks=slot.marks,
        weights=weights,
    )


def _sections(slots: Sequence[CandidateSlot]) -> tuple[Section, ...]:
    runs: list[list[CandidateSlot]] = []
    for slot in slots:
        if runs and runs[-1][-1].interaction == slot.interaction:
            runs[-1].append(slot)
        else:
            runs.append([slot])
    return tuple(
        Section(
            interaction=run[0].interaction,
            first=run[0].slot,
            last=run[-1].slot,
            marks=sum(slot.marks for slot in run),
        )
        for run in runs
    )
