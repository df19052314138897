"""GIFT out (Moodle documentation, "GIFT format"): what it has no place for stands in comments and is lost on the way back."""

import re
from collections.abc import Sequence
from typing import Final

from questionbank.items.content import Interaction, ItemContent, ItemDraft

_SPECIAL: Final = re.compile(r"([~=#{}:\\])")
_FULL: Final = 100


def to_gift(drafts: Sequence[ItemDraft]) -> bytes:
    """Return one question per item, divided by blank lines."""
    return "".join(_question(number, draft) for number, draft in enumerate(drafts, 1)).encode()


def _question(number: int, draft: ItemDraft) -> str:
    content = draft.content
    about = f"// node {draft.node}, depth {draft.depth}, difficulty {draft.difficulty}\n"
    explanation = f"####{_escape(content.explanation)}" if content.explanation else ""
    return f"{about}::{number}::[plain]{_escape(content.stem)} {{{_answers(content)}{explanation}}}\n\n"


def _answers(content: ItemContent) -> str:
    if content.interaction is Interaction.JUDGEMENT:
        return content.key[0]
    if content.interaction is Interaction.TEXT_ENTRY:
        return " ".join(f"={_escape(variant)}" for variant in content.key)
    if content.interaction is Interaction.CHOICE:
        return " ".join(f"{'=' if each.id in content.key else '~'}{_escape(each.text)}" for each in content.options)
    share = f"{_FULL / len(content.key):.5f}"
    return " ".join(f"~%{share if each.id in content.key else -_FULL}%{_escape(each.text)}" for each in content.options)


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text).replace("\n", r"\n")
