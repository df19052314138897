"""Importing in two steps: a file is checked and kept, and written once its author has seen what would happen."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import ForbiddenError, NotFoundError
from exam.core.ids import new_token
from exam.core.jobs import defer
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sealed_files import DROP_FILE, get_sealed, put_sealed
from exam.identity.api import require_region
from questionbank.formats.errors import NoHeadingsError
from questionbank.formats.layouts import IGNORED
from questionbank.formats.reading import Assessment, Column, FieldValue, Reading
from questionbank.formats.verdicts import RowVerdict, Verdict
from questionbank.items.content import ItemContent, ItemDraft
from questionbank.items.errors import ImportChangedError, ImportWrittenError
from questionbank.items.importing import JudgedFile, add_batch, judge_file, report_of, write_rows
from questionbank.items.layouts import remember_layout
from questionbank.items.models import ImportBatch
from questionbank.items.progress import Progress

FILE, SHEET = "file", "checked"


class CheckedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a checked file with what it says and what it repeats; a refused row says nothing that could be read."""

    number: int
    verdict: Verdict
    message: str
    fields: Mapping[str, FieldValue]
    content: ItemContent | None
    other_row: int | None
    other_item: str | None
    other: ItemContent | None
    node: str = ""
    left_out: tuple[str, ...] = ()
    """Features that the row has and an item cannot hold."""


class CheckedFile(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a dry run, kept beside the file."""

    rows: tuple[CheckedRow, ...]
    unsupported: Mapping[str, int]
    columns: tuple[Column, ...] = ()
    """What a table's columns were read as; where none was understood there are no rows."""
    tests: tuple[Assessment, ...] = ()

    def of(self, verdict: Verdict) -> list[CheckedRow]:
        """Return the rows of one verdict."""
        return [row for row in self.rows if row.verdict is verdict]


async def check_upload(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    data: bytes,
    filename: str,
    qualification: str,
    *,
    progress: Progress | None = None,
) -> UUID:
    """Judge a file, keep it with the verdicts and return the batch; nothing is in the bank yet.

    Raises what `judge_file` raises, and then nothing is kept.
    """
    require_region(principal, runtime.settings.root_region, "author")
    judged = await _judge(session, data, filename, qualification, progress)
    report = report_of(judged, written=False)
    batch = await add_batch(session, runtime, principal, data, filename, qualification, report)
    batch.storage_key = f"questionbank/imports/{new_token()}"
    await session.flush()
    await put_sealed(runtime, f"{batch.storage_key}/{FILE}", data)
    await _keep(runtime, batch, judged)
    return batch.id


async def _judge(
    session: AsyncSession, data: bytes, filename: str, qualification: str, progress: Progress | None
) -> JudgedFile:
    """Judge a file; a table whose titles say nothing has no rows yet, only columns that want a meaning."""
    try:
        return await judge_file(session, data, filename, qualification, progress=progress)
    except NoHeadingsError as error:
        columns = tuple(Column(title, IGNORED) for title in str(error.fields["titles"]).split("\t"))
        return JudgedFile(reading=Reading(dialect="", drafts=(), refused=(), columns=columns), verdicts=(), existing={})


async def map_columns(
    session: AsyncSession, runtime: Runtime, principal: Principal, batch_id: UUID, columns: Sequence[Column]
) -> None:
    """Say what the columns of a checked file mean, judge it anew, and remember it for the next one with these titles.

    Raises ColumnsError, and what `confirm_batch` raises of a batch that is not one's own or is written.
    """
    batch = await _own_batch(session, principal, batch_id)
    await remember_layout(session, principal, columns, region=batch.region, at=runtime.clock.now())
    data = await get_sealed(runtime, f"{batch.storage_key}/{FILE}")
    judged = await judge_file(session, data, batch.filename, batch.qualification)
    batch.dialect = judged.reading.dialect
    await _keep(runtime, batch, judged)


async def _keep(runtime: Runtime, batch: ImportBatch, judged: JudgedFile) -> None:
    report = report_of(judged, written=False)
    batch.accepted, batch.near_duplicate = report.accepted, report.near_duplicate
    batch.duplicate, batch.refused = report.duplicate, report.refused
    await put_sealed(runtime, f"{batch.storage_key}/{SHEET}", msgspec.json.encode(_checked(judged)))


def _checked(judged: JudgedFile) -> CheckedFile:
    reading = judged.reading
    drafts = {draft.row: draft for draft in reading.drafts}
    rows = tuple(_row(each, drafts, judged) for each in judged.verdicts)
    return CheckedFile(rows=rows, unsupported=reading.unsupported, columns=reading.columns, tests=reading.tests)


def _row(each: RowVerdict, drafts: Mapping[int, ItemDraft], judged: JudgedFile) -> CheckedRow:
    draft, twin = drafts.get(each.row), drafts.get(each.other_row or 0)
    other = judged.existing.get(each.other_item) if each.other_item else twin.content if twin else None
    return CheckedRow(
        number=each.row,
        verdict=each.verdict,
        message=each.message,
        fields=each.fields,
        content=draft.content if draft else None,
        other_row=each.other_row,
        other_item=each.other_item,
        other=other,
        node=draft.node if draft else "",
        left_out=judged.reading.left_out.get(each.row, ()),
    )


async def get_batch(session: AsyncSession, batch_id: UUID) -> ImportBatch:
    """Return a batch of the scope."""
    batch = await session.get(ImportBatch, batch_id, populate_existing=True)
    if batch is None:
        raise NotFoundError(batch=str(batch_id))
    return batch


async def get_checked(runtime: Runtime, batch: ImportBatch) -> CheckedFile:
    """Return what the dry run of a batch found; a batch that was written in one step has none and shows no rows."""
    if batch.storage_key is None:
        return CheckedFile(rows=(), unsupported={})
    data = await get_sealed(runtime, f"{batch.storage_key}/{SHEET}")
    return msgspec.json.decode(data, type=CheckedFile)


async def confirm_batch(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    batch_id: UUID,
    *,
    progress: Progress | None = None,
) -> int:
    """Write the accepted rows of a checked file and return their number.

    The file is judged anew; raises ImportChangedError, with the new verdicts kept for the page, when the bank has
    changed so that they differ. Raises ImportWrittenError, and ForbiddenError for anybody but who uploaded it.
    """
    batch = await _own_batch(session, principal, batch_id)
    data = await get_sealed(runtime, f"{batch.storage_key}/{FILE}")
    judged = await judge_file(session, data, batch.filename, batch.qualification, progress=progress)
    shown = await get_checked(runtime, batch)
    if _outline(_checked(judged).rows) != _outline(shown.rows):
        await _keep(runtime, batch, judged)
        raise ImportChangedError
    await defer(session, DROP_FILE, key=f"{batch.storage_key}/{FILE}")
    return len(await write_rows(session, runtime, principal, batch, judged, progress=progress))


async def _own_batch(session: AsyncSession, principal: Principal, batch_id: UUID) -> ImportBatch:
    batch = await session.get(ImportBatch, batch_id, with_for_update=True, populate_existing=True)
    if batch is None or batch.storage_key is None:
        raise NotFoundError(batch=str(batch_id))
    require_region(principal, batch.region, "author")
    if batch.account_id != principal.account:
        raise ForbiddenError
    if batch.state != "checked":
        raise ImportWrittenError
    return batch


def _outline(rows: Iterable[CheckedRow]) -> list[CheckedRow]:
    """Return what an author has seen of the rows and decided by: their words, keys and twins, and what became of each.

    A twin of the bank counts by its words, which are shown, and not by who it is.
    """
    return [msgspec.structs.replace(row, other_item=None) for row in rows]


async def list_batches(session: AsyncSession, *, state: str, account: UUID | None = None) -> list[ImportBatch]:
    """Return batches in a state, of one account where it is given, the newest first."""
    query = select(ImportBatch).where(ImportBatch.state == state).order_by(ImportBatch.created_at.desc()).limit(50)
    if account:
        query = query.where(ImportBatch.account_id == account)
    return list(await session.scalars(query))
