"""Registering from a workbook: every row tried as if typed at the desk, first without effect, then for good."""

import asyncio
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
from exam.sitting.desk import apply
from exam.sitting.errors import BatchColumnsError, BatchEmptyError, BatchTooLongError, NotEligibleError
from exam.sitting.schemas import RegistrationIn

COLUMNS = ("姓名", "证件号码", "统一社会信用代码")
_NAMES = {
    "name": {"姓名", "考生姓名", "name"},
    "id_number": {"证件号码", "身份证号", "身份证号码", "证件号", "id number", "id_number"},
    "uscc": {"统一社会信用代码", "单位信用代码", "信用代码", "uscc"},
}
MAX_ROWS = 1000


class BatchLine(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the file; `number` counts from 1 as the spreadsheet shows it."""

    number: int
    name: str
    id_number: str
    uscc: str


class BatchVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one row, or would become of it; `error` is None where it was accepted."""

    number: int
    name: str
    id_masked: str
    seat: str
    error: DomainError | None


def template_workbook() -> bytes:
    """Return an empty workbook with the right headings, every cell formatted as text."""
    return write_workbook(COLUMNS, [("", "", "")], sheet="报名")


async def read_lines(data: bytes) -> list[BatchLine]:
    """Read the first sheet that has the headings.

    Raises the refusals of unreadable files, BatchColumnsError, BatchEmptyError and BatchTooLongError.
    """
    rows = find_rows(await asyncio.to_thread(read_sheets, data), _NAMES, ("name", "id_number"))
    if rows is None:
        raise BatchColumnsError
    lines = [
        BatchLine(
            number=row.number, name=row.cells["name"], id_number=row.cells["id_number"], uscc=row.cells.get("uscc", "")
        )
        for row in rows
    ]
    return _checked(lines)


def _checked(lines: list[BatchLine]) -> list[BatchLine]:
    if not lines:
        raise BatchEmptyError
    if len(lines) > MAX_ROWS:
        raise BatchTooLongError(rows=len(lines), limit=MAX_ROWS)
    return lines


async def run_batch(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    sitting_id: UUID,
    lines: list[BatchLine],
    *,
    dry_run: bool,
    at: datetime,
) -> list[BatchVerdict]:
    """Register row after row and return a verdict for each; a dry run takes everything back."""
    async with session.begin_nested() as whole:
        verdicts = [await _try(session, principal, runtime, sitting_id, line, at=at) for line in lines]
        if dry_run:
            await whole.rollback()
    return verdicts


async def _try(
    session: AsyncSession, principal: Principal, runtime: Runtime, sitting_id: UUID, line: BatchLine, *, at: datetime
) -> BatchVerdict:
    application = RegistrationIn(name=line.name, id_number=line.id_number, uscc=line.uscc or None)
    error: DomainError | None = None
    seat = ""
    try:
        outcome = await apply(session, principal, runtime, sitting_id, application, at=at)
    except DomainError as refusal:
        error = refusal
    else:
        error = outcome if isinstance(outcome, NotEligibleError) else None
        seat = "" if isinstance(outcome, NotEligibleError) else outcome.seat
    masked = mask_id_number(line.id_number)
    return BatchVerdict(number=line.number, name=line.name, id_masked=masked, seat=seat, error=error)
