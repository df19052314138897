"""From what an author typed to a draft, by the same rules as an import, and back."""

from base64 import b64decode
from collections.abc import Sequence
from string import ascii_uppercase

import msgspec

from questionbank.formats.drafting import read_proposals
from questionbank.formats.limited import judge_in_subprocess
from questionbank.formats.reading import Enclosed, Proposal
from questionbank.formats.weighing import weights_text
from questionbank.formats.words import DEPTH_NAMES
from questionbank.interactions.registry import KIND_NAMES, kind_of
from questionbank.interactions.registry import KINDS as REGISTERED
from questionbank.items.content import Figure, FigureKind, Interaction, ItemContent, ItemDraft, Option
from questionbank.items.errors import ItemContentError
from questionbank.items.viewing import VersionView

OPTIONS_SHOWN = 4


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of the editor; `keys` are option letters, `truth` T or F, `variants` one accepted answer per line.

    `figures` stand at their marks as they were uploaded, not yet judged. `lines` are the options of an interaction in which they are typed one a line (questionbank.interactions), `photo` is a
    data URL, `weights` in the notation of questionbank.formats.weighing.
    """

    interaction: Interaction = Interaction.CHOICE
    stem: str = ""
    options: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    truth: str = ""
    variants: str = ""
    lines: str = ""
    photo: str = ""
    figures: tuple[Figure, ...] = ()
    node: str = ""
    depth: str = "掌握"
    difficulty: str = "30"
    explanation: str = ""
    basis: str = ""
    weights: str = ""

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Return the option rows that the editor shows: letters with texts, at least four."""
        texts = [*self.options, *[""] * (OPTIONS_SHOWN - len(self.options))]
        return list(zip(ascii_uppercase, texts, strict=False))


def draft_of(typed: Typed) -> ItemDraft:
    """Return the draft; raises ItemContentError with the sentence that an import would give for it.

    Files are opened in a process of their own: raises what `judge_in_subprocess` raises.
    """
    proposal = Proposal(
        row=1,
        kind=KIND_NAMES[typed.interaction],
        stem=typed.stem,
        options=_options(typed),
        key=_key(typed),
        node=typed.node,
        depth=typed.depth,
        difficulty=typed.difficulty,
        explanation=typed.explanation,
        basis=typed.basis,
        photo=bytes_of(typed.photo),
        weights=typed.weights,
        enclosed=tuple(Enclosed(each.kind, each.data, each.text) for each in typed.figures),
    )
    has_files = bool(typed.photo or typed.figures)
    reading = judge_in_subprocess(proposal) if has_files else read_proposals("typed", [proposal], {})
    if reading.refused:
        raise ItemContentError.of(reading.refused[0])
    return msgspec.structs.replace(reading.drafts[0], row=0)


def figure_of(url: str, text: str) -> Figure:
    """Return an uploaded figure from its data URL, not yet judged; what is neither picture nor formula may be a sound."""
    kinds = {"data:image/": FigureKind.IMAGE, "data:application/mathml+xml": FigureKind.FORMULA}
    kind = next((kind for start, kind in kinds.items() if url.startswith(start)), FigureKind.AUDIO)
    return Figure(kind, bytes_of(url), text=text)


def bytes_of(url: str) -> bytes:
    """Return what a data URL holds; what is none holds nothing."""
    try:
        return b64decode(url.partition(",")[2], validate=True)
    except ValueError:
        return b""


def _options(typed: Typed) -> tuple[Option, ...]:
    """Return the options up to the last one with words; a gap between them stays, to be refused."""
    texts: Sequence[str] = typed.options
    if REGISTERED[typed.interaction].lines:
        texts = [line for line in typed.lines.splitlines() if line.strip()]
    elif typed.interaction not in {Interaction.CHOICE, Interaction.MULTIPLE}:
        return ()
    while texts and not texts[-1].strip():
        texts = texts[:-1]
    # more than letters are kept as well, so that the refusal counts all of them
    return tuple(Option(f"{ascii_uppercase[at:][:1] or at + 1}", text) for at, text in enumerate(texts))


def _key(typed: Typed) -> str | tuple[str, ...]:
    match typed.interaction:
        case Interaction.JUDGEMENT:
            return typed.truth
        case Interaction.TEXT_ENTRY:
            return tuple(line.strip() for line in typed.variants.splitlines() if line.strip())
        case Interaction.CHOICE | Interaction.MULTIPLE:
            return typed.keys
        case _:
            return ""


def typed_from(version: VersionView) -> Typed:
    """Return the editor's fields of a stored version."""
    content = version.content
    kind = kind_of(content)
    return Typed(
        interaction=content.interaction,
        stem=content.stem,
        options=() if kind.lines else tuple(option.text for option in content.options),
        keys=content.key if content.options and not kind.lines else (),
        truth=content.key[0] if content.interaction is Interaction.JUDGEMENT else "",
        variants="\n".join(content.key) if content.interaction is Interaction.TEXT_ENTRY else "",
        lines="\n".join(kind.typed(content)) if kind.lines else "",
        photo=content.photo.url if content.photo else "",
        figures=content.figures or (),
        node=version.node,
        depth=version.depth,
        difficulty=str(version.difficulty),
        explanation=content.explanation,
        basis=content.basis,
        weights=weights_text(kind, content),
    )


def key_words(content: ItemContent) -> tuple[str, ...]:
    """Return the key as its makers read it: letters with texts, 正确 or 错误 as msgids, or the accepted answers."""
    kind = kind_of(content)
    return kind.told(kind.written(content), content.key)


DEPTHS = tuple((word, word) for word in DEPTH_NAMES.values())
KINDS = tuple((kind.value, name) for kind, name in KIND_NAMES.items())
LINES = tuple((kind.interaction.value, kind.lines) for kind in REGISTERED.values() if kind.lines)
"""Interactions whose options are typed one a line, with the hint for it."""
