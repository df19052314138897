"""Importing question files: read under limits, judged against the bank, written whole or not at all."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import require_region
from exam.standards.api import get_qualification
from questionbank.formats.duplicates import ExistingItem
from questionbank.formats.limited import read_in_subprocess
from questionbank.formats.reading import Assessment, Column, Reading
from questionbank.formats.verdicts import RowVerdict, Verdict, judge_rows
from questionbank.forms.canonical import digest_of
from questionbank.items.content import ItemContent, ItemDraft
from questionbank.items.drafting import Origin, draft_items, require_account
from questionbank.items.layouts import find_layouts, given_columns, remember_layout
from questionbank.items.models import ImportBatch, ItemRow, ItemVersionRow
from questionbank.items.progress import Progress, Stage

FILENAME_LIMIT = 200
NO_COLUMNS: Final[Mapping[str, str]] = {}


class ImportRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the file as the report tells it.

    `other_row` or `other_item` is its twin, `left_out` what it cannot hold, `figures` how many pictures, recordings and
    formulas it has.
    """

    number: int
    verdict: str
    code: str
    message: str
    other_row: int | None = None
    other_item: str | None = None
    left_out: tuple[str, ...] = ()
    figures: int = 0


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds and what became of it.

    `accepted`, `duplicate` and `refused` add up to all rows; `near_duplicate` counts those of the accepted that a
    reviewer should compare. `unsupported` counts features that an item cannot hold. `columns` are
    those of a table and what each was read as, `tests` those of a QTI package. `batch` is set once written.
    """

    dialect: str
    accepted: int
    near_duplicate: int
    duplicate: int
    refused: int
    rows: tuple[ImportRow, ...]
    unsupported: Mapping[str, int]
    columns: tuple[Column, ...] = ()
    tests: tuple[Assessment, ...] = ()
    written: bool
    batch: UUID | None = None


class JudgedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file with one verdict per row, and what it was compared with."""

    reading: Reading
    verdicts: tuple[RowVerdict, ...]
    existing: Mapping[str, ItemContent]

    def accepted(self) -> list[ItemDraft]:
        """Return the drafts to store, near twins included."""
        kept = {each.row for each in self.verdicts if each.verdict in {Verdict.ACCEPTED, Verdict.NEAR_DUPLICATE}}
        return [draft for draft in self.reading.drafts if draft.row in kept]


async def judge_file(
    session: AsyncSession,
    data: bytes,
    filename: str,
    qualification: str,
    columns: Mapping[str, str] = NO_COLUMNS,
    *,
    progress: Progress | None = None,
) -> JudgedFile:
    """Read a file in a limited process and compare it with the bank of its qualification.

    `columns` are fields by title, for this file. Raises UnknownQualificationError, ColumnsError and a subclass of
    UnreadableFileError.
    """
    get_qualification(qualification)
    progress = progress or Progress()
    progress.begin(Stage.READING)
    layouts = await find_layouts(session, given_columns(columns))
    reading = await asyncio.to_thread(read_in_subprocess, data, filename, layouts)
    existing = await list_contents(session, qualification)
    known = [ExistingItem(item, content) for item, content in existing.items()]
    progress.begin(Stage.COMPARING, len(reading.drafts))
    verdicts = await asyncio.to_thread(judge_rows, reading, known, progress.reach)
    return JudgedFile(reading=reading, verdicts=verdicts, existing=existing)


async def list_contents(session: AsyncSession, qualification: str) -> dict[str, ItemContent]:
    """Return the newest version of every item that is not retired, by item id."""
    newest = and_(ItemVersionRow.item_id == ItemRow.id, ItemVersionRow.number == ItemRow.version)
    query = select(ItemRow.id, ItemVersionRow.content).join(ItemVersionRow, newest)
    rows = await session.execute(query.where(ItemRow.qualification == qualification, ItemRow.state != "retired"))
    return {str(item_id): msgspec.convert(content, ItemContent) for item_id, content in rows}


def report_of(judged: JudgedFile, *, written: bool, batch: UUID | None = None) -> ImportReport:
    """Return the report of a judged file."""
    counts = Counter(each.verdict for each in judged.verdicts)
    figures = {draft.row: len(draft.content.figures or ()) for draft in judged.reading.drafts}
    return ImportReport(
        dialect=judged.reading.dialect,
        accepted=counts[Verdict.ACCEPTED] + counts[Verdict.NEAR_DUPLICATE],
        near_duplicate=counts[Verdict.NEAR_DUPLICATE],
        duplicate=counts[Verdict.DUPLICATE],
        refused=counts[Verdict.REFUSED],
        rows=tuple(
            ImportRow(
                number=each.row,
                verdict=each.verdict.value,
                code=each.code,
                message=each.text,
                other_row=each.other_row,
                other_item=each.other_item,
                left_out=judged.reading.left_out.get(each.row, ()),
                figures=figures.get(each.row, 0),
            )
            for each in judged.verdicts
        ),
        unsupported=judged.reading.unsupported,
        columns=judged.reading.columns,
        tests=judged.reading.tests,
        written=written,
        batch=batch,
    )


async def import_questions(
    bank_session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    data: bytes,
    filename: str,
    qualification: str,
    *,
    dry_run: bool,
    columns: Mapping[str, str] = NO_COLUMNS,
    progress: Progress | None = None,
) -> ImportReport:
    """Judge a file and, unless it is a dry run, store its accepted rows as drafts of the principal.

    `columns` are fields by title where the titles do not speak for themselves; they are remembered with the import.
    """
    require_region(principal, runtime.settings.root_region, "author")
    judged = await judge_file(bank_session, data, filename, qualification, columns, progress=progress)
    if dry_run:
        return report_of(judged, written=False)
    if columns:
        region, at = runtime.settings.root_region, runtime.clock.now()
        await remember_layout(bank_session, principal, judged.reading.columns, region=region, at=at)
    report = report_of(judged, written=True)
    batch = await add_batch(bank_session, runtime, principal, data, filename, qualification, report)
    await write_rows(bank_session, runtime, principal, batch, judged, progress=progress)
    return msgspec.structs.replace(report, batch=batch.id)


async def add_batch(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    data: bytes,
    filename: str,
    qualification: str,
    report: ImportReport,
) -> ImportBatch:
    """Note a checked file; nothing of it is in the bank yet."""
    batch = ImportBatch(
        id=new_id(),
        qualification=qualification,
        region=runtime.settings.root_region,
        filename=filename[:FILENAME_LIMIT],
        file_digest=digest_of(data),
        dialect=report.dialect,
        state="checked",
        accepted=report.accepted,
        near_duplicate=report.near_duplicate,
        duplicate=report.duplicate,
        refused=report.refused,
        account_id=require_account(principal),
        account_name=principal.name,
        created_at=runtime.clock.now(),
    )
    session.add(batch)
    await session.flush()
    return batch


async def write_rows(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    batch: ImportBatch,
    judged: JudgedFile,
    *,
    progress: Progress | None = None,
) -> list[UUID]:
    """Store the accepted rows under a batch with one audit entry and return the new items' ids."""
    at, drafts = runtime.clock.now(), judged.accepted()
    (progress or Progress()).begin(Stage.WRITING, len(drafts))
    similar = {
        each.row: UUID(each.other_item) if each.other_item else each.other_row
        for each in judged.verdicts
        if each.verdict is Verdict.NEAR_DUPLICATE
    }
    ids = await draft_items(
        session,
        principal,
        qualification=batch.qualification,
        region=batch.region,
        drafts=drafts,
        at=at,
        origin=Origin(import_id=batch.id, similar={row: twin for row, twin in similar.items() if twin is not None}),
    )
    batch.state, batch.written_at = "written", at
    await session.flush()
    facts: dict[str, Fact] = {
        "qualification": batch.qualification,
        "file": batch.file_digest,
        "accepted": len(ids),
        "duplicate": batch.duplicate,
        "refused": batch.refused,
    }
    await record(session, principal, "items.imported", ("import", batch.id), at=at, region=batch.region, facts=facts)
    return ids


async def write_batch(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    *,
    filename: str,
    qualification: str,
    drafts: Sequence[ItemDraft],
) -> tuple[UUID, list[UUID]]:
    """Store drafts that need no judging as one written batch; return its id and those of the items."""
    reading = Reading(dialect="ankao", drafts=tuple(drafts), refused=())
    verdicts = tuple(RowVerdict(row=draft.row, verdict=Verdict.ACCEPTED) for draft in drafts)
    judged = JudgedFile(reading=reading, verdicts=verdicts, existing={})
    data = msgspec.json.encode(reading.drafts)
    report = report_of(judged, written=True)
    batch = await add_batch(session, runtime, principal, data, filename, qualification, report)
    return batch.id, await write_rows(session, runtime, principal, batch, judged)
