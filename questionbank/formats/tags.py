"""What Moodle's formats have no field for, in the tags of a question: node, depth, difficulty and basis."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from questionbank.formats.reading import Proposal
from questionbank.items.content import ItemDraft

_NODE, _DEPTH, _DIFFICULTY, _BASIS = "node:", "depth:", "difficulty:", "basis:"
_TAG: Final = re.compile(r"\[tag:((?:\\.|[^\]\\])*)\]")
_SIGN: Final = re.compile(r"[\\\]]")
_ESCAPED: Final = re.compile(r"\\(.)")


def tags_of(draft: ItemDraft) -> list[str]:
    """Return the tags of an item, none for what it does not say."""
    named = (
        (_NODE, draft.node),
        (_DEPTH, draft.depth.value),
        (_DIFFICULTY, str(draft.difficulty)),
        (_BASIS, draft.content.basis),
    )
    return [name + value for name, value in named if value]


def with_tags(proposal: Proposal, tags: Sequence[str]) -> Proposal:
    """Take what our own files keep in tags; other tags say nothing that an item holds."""

    def tagged(name: str) -> str:
        return next((tag.removeprefix(name) for tag in tags if tag.startswith(name)), "")

    return msgspec.structs.replace(
        proposal,
        node=tagged(_NODE),
        depth=tagged(_DEPTH),
        difficulty=tagged(_DIFFICULTY),
        basis=tagged(_BASIS),
    )


def tags_in_line(tags: Sequence[str]) -> str:
    """Return tags as GIFT has them, in one line of a comment."""
    escaped = (_SIGN.sub(r"\\\g<0>", tag).replace("\n", r"\n") for tag in tags)
    return " ".join(f"[tag:{tag}]" for tag in escaped)


def find_tags(comment: str) -> list[str]:
    """Return the tags in a comment of GIFT."""
    return [_ESCAPED.sub(lambda sign: "\n" if sign[1] == "n" else sign[1], found) for found in _TAG.findall(comment)]
