"""Taking a bank out, in forms that the import reads back without loss; the act is logged, for the keys go with it."""

from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.identity.api import require_region
from exam.standards.api import get_qualification
from questionbank.formats.writer import FORMATS
from questionbank.forms.canonical import digest_of
from questionbank.items.content import Depth, ItemContent, ItemDraft
from questionbank.items.finding import ItemFilter, matching
from questionbank.items.models import ItemRow, ItemVersionRow

MAKERS: Final = ("author", "reviewer", "publisher")


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """A bank in a file; `left_out` tells what the file does not hold of an item, by its number in the file, from 1."""

    data: bytes
    items: int
    left_out: dict[int, str]


class ExportFormatError(DomainError):
    """The bank is not written in this format."""

    code = "export_format"
    message = "不支持导出为 {format}。可选:{known}。"


async def list_newest(session: AsyncSession, wanted: ItemFilter) -> list[ItemDraft]:
    """Return the newest version of every item that a filter finds, in the order of their creation.

    Retired items are left out unless they are asked for.
    """
    newest = and_(ItemVersionRow.item_id == ItemRow.id, ItemVersionRow.number == ItemRow.version)
    query = matching(wanted).join(ItemVersionRow, newest).with_only_columns(ItemRow.id, *_DRAFTED).order_by(ItemRow.id)
    if not wanted.state:
        query = query.where(ItemRow.state != "retired")
    rows = await session.execute(query)
    return [_draft(number, *drafted) for number, (_, *drafted) in enumerate(rows, 1)]


async def list_published(session: AsyncSession, qualification: str) -> dict[str, ItemDraft]:
    """Return the version in force of every published item of a qualification, by item id."""
    in_force = and_(ItemVersionRow.item_id == ItemRow.id, ItemVersionRow.number == ItemRow.published_version)
    query = select(ItemRow.id, *_DRAFTED).join(ItemVersionRow, in_force).where(ItemRow.qualification == qualification)
    rows = await session.execute(query.order_by(ItemRow.id))
    return {str(item): _draft(number, *drafted) for number, (item, *drafted) in enumerate(rows, 1)}


_DRAFTED = (ItemVersionRow.content, ItemVersionRow.node, ItemVersionRow.depth, ItemVersionRow.difficulty)


def _draft(number: int, content: object, node: str, depth: str, difficulty: int) -> ItemDraft:
    return ItemDraft(
        content=msgspec.convert(content, ItemContent),
        node=node,
        depth=Depth(depth),
        difficulty=difficulty,
        row=number,
    )


def list_export_formats() -> list[str]:
    """Return the names of the formats that a bank is written in."""
    return list(FORMATS)


async def export_questions(
    session: AsyncSession, principal: Principal, *, qualification: str, fmt: str, region: str, at: datetime
) -> Export:
    """Return a whole bank; raises ExportFormatError, UnknownQualificationError."""
    get_qualification(qualification)
    wanted = ItemFilter(qualification=qualification)
    return await export_found(session, principal, wanted, fmt=fmt, region=region, at=at)


async def export_found(
    session: AsyncSession, principal: Principal, wanted: ItemFilter, *, fmt: str, region: str, at: datetime
) -> Export:
    """Return the items that a filter finds, and log who took them."""
    require_region(principal, region, *MAKERS)
    if fmt not in FORMATS:
        raise ExportFormatError(format=fmt, known="、".join(FORMATS))
    drafts = await list_newest(session, wanted)
    data, leaves_out = FORMATS[fmt].write(drafts), FORMATS[fmt].leaves_out
    left_out = {number: told for number, draft in enumerate(drafts, 1) if (told := leaves_out(draft.content))}
    facts: dict[str, Fact] = {"format": fmt, "items": len(drafts), "file": digest_of(data)}
    subject = ("bank", wanted.qualification or "*")
    await record(session, principal, "items.exported", subject, at=at, region=region, facts=facts)
    return Export(data=data, items=len(drafts), left_out=left_out)
