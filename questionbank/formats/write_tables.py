"""Workbook and JSON out, in the columns that the import reads back without loss."""

from collections.abc import Sequence

import msgspec

from exam.core.sheets.writer import OutCell, write_workbook
from questionbank.formats.options import LETTERS
from questionbank.formats.reading import Enclosed
from questionbank.formats.tex import AS_TYPED, has_formulas
from questionbank.formats.weighing import weights_text
from questionbank.formats.words import DEPTH_NAMES
from questionbank.interactions.registry import KIND_NAMES, kind_of
from questionbank.items.content import ItemContent, ItemDraft

SHEET = "试题"
TEMPLATE_OPTIONS = 6
WEIGHTS = "按答案给分"
PLAIN = "公式写法"
LEFT_OUT = "未导出"
"""The column that names what a table cannot hold; the import passes it over."""


def to_workbook(drafts: Sequence[ItemDraft]) -> bytes:
    """Return an xlsx workbook with one row per item and a column per option, and more where something has weights or is left out."""
    lines = [kind_of(draft.content).columns(draft.content) for draft in drafts]
    widest = max(map(len, lines), default=0)
    rows: list[list[OutCell]] = []
    for draft, own in zip(drafts, lines, strict=True):
        content = draft.content
        texts = own + [""] * (widest - len(own))
        place = (draft.node, DEPTH_NAMES[draft.depth], draft.difficulty, content.explanation, content.basis)
        rows.append([KIND_NAMES[content.interaction], content.stem, *texts, kind_of(content).cell(content), *place])
    columns = _columns(widest)
    for title, cell in ((WEIGHTS, _weights), (PLAIN, _plain), (LEFT_OUT, workbook_leaves_out)):
        more = [cell(draft.content) for draft in drafts]
        if any(more):
            columns.append(title)
            rows = [[*row, each] for row, each in zip(rows, more, strict=True)]
    return write_workbook(columns, rows, sheet=SHEET)


def _plain(content: ItemContent) -> str:
    return AS_TYPED if _looks_like_tex(content) else ""


def _looks_like_tex(content: ItemContent) -> bool:
    """Tell an item that an import would take for one with formulas."""
    return any(map(has_formulas, (content.stem, content.explanation, *kind_of(content).columns(content))))


def _weights(content: ItemContent) -> str:
    return weights_text(kind_of(content), content)


def workbook_leaves_out(content: ItemContent) -> str:
    """Tell that an item's photo or its figures are not in the table, as a Chinese message id."""
    if content.figures:
        return "图片、录音和公式不能写入表格,请另用 JSON、QTI 或 Moodle XML 导出"
    return "" if content.photo is msgspec.UNSET else "照片不能写入表格,请另用 JSON、QTI 或 Moodle XML 导出"


def template_workbook(nodes: Sequence[str]) -> bytes:
    """Return an empty workbook for authors, which offers the words that the import reads, and the syllabus nodes."""
    choices = {
        "题型": list(KIND_NAMES.values()),
        "知识点": nodes,
        "掌握程度": list(DEPTH_NAMES.values()),
        "难度": "易中难",
    }
    return write_workbook(_columns(TEMPLATE_OPTIONS), [], sheet=SHEET, choices=choices)


def _columns(options: int) -> list[str]:
    letters = [f"选项{letter}" for letter in LETTERS[:options]]
    return ["题型", "题目", *letters, "答案", "知识点", "掌握程度", "难度", "解析", "依据"]


def to_json(drafts: Sequence[ItemDraft]) -> bytes:
    """Return a JSON list with one object per item."""
    rows = [
        {
            "question": draft.content.stem,
            "type": KIND_NAMES[draft.content.interaction],
            "options": dict(zip(LETTERS, kind_of(draft.content).columns(draft.content), strict=False)),
            "answer": kind_of(draft.content).cell(draft.content),
            "difficulty": draft.difficulty,
            "explanation": draft.content.explanation,
            "node": draft.node,
            "depth": DEPTH_NAMES[draft.depth],
            "basis": draft.content.basis,
            **({} if draft.content.photo is msgspec.UNSET else {"photo": draft.content.photo.jpeg}),
            **({"figures": _enclosed(draft.content)} if draft.content.figures else {}),
            **({} if draft.content.weights is msgspec.UNSET else {"weights": _weights(draft.content)}),
            **({"plain": True} if _looks_like_tex(draft.content) else {}),
        }
        for draft in drafts
    ]
    return msgspec.json.format(msgspec.json.encode(rows), indent=1)


def _enclosed(content: ItemContent) -> list[Enclosed]:
    return [Enclosed(each.kind, each.data, each.text) for each in content.figures or ()]
