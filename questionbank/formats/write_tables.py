"""Workbook and JSON out, in the columns that the import reads back without loss."""

from collections.abc import Sequence
from typing import Final

import msgspec

from exam.core.sheets.writer import OutCell, write_workbook
from questionbank.formats.words import DEPTH_NAMES, KIND_NAMES
from questionbank.items.content import FALSE, TRUE, Interaction, ItemContent, ItemDraft

_TRUTH_WORDS: Final = {TRUE: "正确", FALSE: "错误"}


def _key(content: ItemContent) -> str:
    if content.interaction is Interaction.JUDGEMENT:
        return _TRUTH_WORDS[content.key[0]]
    return ("|" if content.interaction is Interaction.TEXT_ENTRY else "").join(content.key)


def to_workbook(drafts: Sequence[ItemDraft]) -> bytes:
    """Return an xlsx workbook with one row per item and a column per option."""
    widest = max((len(draft.content.options) for draft in drafts), default=0)
    letters = [f"选项{letter}" for letter in "ABCDEFGHIJ"[:widest]]
    columns = ["题型", "题目", *letters, "答案", "知识点", "掌握程度", "难度", "解析", "依据"]
    rows: list[list[OutCell]] = []
    for draft in drafts:
        content = draft.content
        texts = [option.text for option in content.options] + [""] * (widest - len(content.options))
        place = (draft.node, DEPTH_NAMES[draft.depth], draft.difficulty, content.explanation, content.basis)
        rows.append([KIND_NAMES[content.interaction], content.stem, *texts, _key(content), *place])
    return write_workbook(columns, rows, sheet="试题")


def to_json(drafts: Sequence[ItemDraft]) -> bytes:
    """Return a JSON list with one object per item."""
    rows = [
        {
            "question": draft.content.stem,
            "type": KIND_NAMES[draft.content.interaction],
            "options": {option.id: option.text for option in draft.content.options},
            "answer": _key(draft.content),
            "difficulty": draft.difficulty,
            "explanation": draft.content.explanation,
            "node": draft.node,
            "depth": DEPTH_NAMES[draft.depth],
            "basis": draft.content.basis,
        }
        for draft in drafts
    ]
    return msgspec.json.format(msgspec.json.encode(rows), indent=1)
