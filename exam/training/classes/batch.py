"""Enrolling from a workbook: every row tried as if typed at the desk, first without effect, then for good."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sheets.columns import find_rows
from exam.core.sheets.limited import read_sheets
from exam.core.sheets.writer import write_workbook
from exam.identity.api import mask_id_number
from exam.training.classes.enrolments import enrol
from exam.training.classes.errors import SheetColumnsError, SheetEmptyError, SheetTooLongError

COLUMNS = ("姓名", "证件号码")
_TITLES: Mapping[str, frozenset[str]] = {
    "name": frozenset({"姓名", "学员姓名", "name"}),
    "id_number": frozenset({"证件号码", "身份证号", "身份证号码", "证件号", "id number", "id_number"}),
}
MAX_ROWS = 1000


class RosterLine(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the file; `number` counts from 1 as the spreadsheet shows it."""

    number: int
    name: str
    id_number: str


class RosterVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one row, or would become of it; `error` is None where it was accepted."""

    number: int
    name: str
    id_masked: str
    error: DomainError | None


def template_workbook() -> bytes:
    """Return an empty workbook with the right headings, every cell formatted as text."""
    return write_workbook(COLUMNS, [("", "")], sheet="学员")


async def read_roster(data: bytes | None) -> list[RosterLine]:
    """Read the first sheet that has the headings.

    Raises the refusals of unreadable files, SheetColumnsError, SheetEmptyError and SheetTooLongError.
    """
    if data is None:
        raise SheetEmptyError
    rows = find_rows(await asyncio.to_thread(read_sheets, data), _TITLES, ("name", "id_number"))
    if rows is None:
        raise SheetColumnsError
    if not rows:
        raise SheetEmptyError
    if len(rows) > MAX_ROWS:
        raise SheetTooLongError(rows=len(rows), limit=MAX_ROWS)
    return [RosterLine(number=row.number, **row.cells) for row in rows]


async def enrol_roster(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    class_id: UUID,
    lines: list[RosterLine],
    *,
    organisation_id: UUID | None,
    dry_run: bool,
    at: datetime,
) -> list[RosterVerdict]:
    """Enrol row after row and return a verdict for each; a dry run takes everything back."""
    verdicts = []
    async with session.begin_nested() as whole:
        for line in lines:
            error = await _try(session, principal, runtime, class_id, line, organisation_id, at)
            masked = mask_id_number(line.id_number)
            verdicts.append(RosterVerdict(number=line.number, name=line.name, id_masked=masked, error=error))
        if dry_run:
            await whole.rollback()
    return verdicts


async def _try(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    class_id: UUID,
    line: RosterLine,
    organisation_id: UUID | None,
    at: datetime,
) -> DomainError | None:
    try:
        async with session.begin_nested():
            await enrol(
                session,
                principal,
                runtime,
                class_id=class_id,
                name=line.name,
                id_number=line.id_number,
                organisation_id=organisation_id,
                at=at,
            )
    except DomainError as refusal:
        return refusal
    return None
