"""Taking a bank out, in forms that the import reads back without loss; the act is logged, for the keys go with it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import and_
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.sheets.writer import OutCell, write_workbook
from exam.identity.api import require_region
from exam.standards.api import get_qualification
from questionbank.formats.words import KIND_NAMES
from questionbank.forms.canonical import digest_of
from questionbank.items.content import FALSE, TRUE, Depth, Interaction, ItemContent, ItemDraft
from questionbank.items.listing import ItemFilter, matching
from questionbank.items.models import ItemRow, ItemVersionRow

MAKERS: Final = ("author", "reviewer", "publisher")
DEPTH_WORDS: Final = {Depth.KNOW: "了解", Depth.GRASP: "掌握", Depth.MASTER: "熟练掌握"}
_TRUTH_WORDS: Final = {TRUE: "正确", FALSE: "错误"}


class ExportFormatError(DomainError):
    """The bank is not written in this format."""

    code = "export_format"
    message = "不支持导出为 {format}。可选:{known}。"


async def list_newest(session: AsyncSession, wanted: ItemFilter) -> list[ItemDraft]:
    """Return the newest version of every item that a filter finds, in the order of their creation.

    Retired items are left out unless they are asked for.
    """
    newest = and_(ItemVersionRow.item_id == ItemRow.id, ItemVersionRow.number == ItemRow.version)
    columns = (ItemVersionRow.content, ItemVersionRow.node, ItemVersionRow.depth, ItemVersionRow.difficulty)
    query = matching(wanted).join(ItemVersionRow, newest).with_only_columns(*columns).order_by(ItemRow.id)
    if not wanted.state:
        query = query.where(ItemRow.state != "retired")
    rows = await session.execute(query)
    return [
        ItemDraft(
            content=msgspec.convert(content, ItemContent),
            node=node,
            depth=Depth(depth),
            difficulty=difficulty,
            row=number,
        )
        for number, (content, node, depth, difficulty) in enumerate(rows, 1)
    ]


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
        place = (draft.node, DEPTH_WORDS[draft.depth], draft.difficulty, content.explanation, content.basis)
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
            "depth": DEPTH_WORDS[draft.depth],
            "basis": draft.content.basis,
        }
        for draft in drafts
    ]
    return msgspec.json.format(msgspec.json.encode(rows), indent=1)


WRITERS: Final[Mapping[str, Callable[[Sequence[ItemDraft]], bytes]]] = {"xlsx": to_workbook, "json": to_json}


def list_export_formats() -> list[str]:
    """Return the names of the formats that a bank is written in."""
    return list(WRITERS)


async def export_questions(
    session: AsyncSession, principal: Principal, *, qualification: str, fmt: str, region: str, at: datetime
) -> tuple[bytes, int]:
    """Return a whole bank and the number of its items; raises ExportFormatError, UnknownQualificationError."""
    get_qualification(qualification)
    wanted = ItemFilter(qualification=qualification)
    return await export_found(session, principal, wanted, fmt=fmt, region=region, at=at)


async def export_found(
    session: AsyncSession, principal: Principal, wanted: ItemFilter, *, fmt: str, region: str, at: datetime
) -> tuple[bytes, int]:
    """Return the items that a filter finds and their number, and log who took them."""
    require_region(principal, region, *MAKERS)
    if fmt not in WRITERS:
        raise ExportFormatError(format=fmt, known="、".join(WRITERS))
    drafts = await list_newest(session, wanted)
    data = WRITERS[fmt](drafts)
    facts: dict[str, Fact] = {"format": fmt, "items": len(drafts), "file": digest_of(data)}
    subject = ("bank", wanted.qualification or "*")
    await record(session, principal, "items.exported", subject, at=at, region=region, facts=facts)
    return data, len(drafts)
