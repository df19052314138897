"""Checking many certificates from one workbook: the public rules, row by row, and a workbook back."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from certs.answers import Answer, CredentialAnswer
from certs.errors import BulkColumnsError, BulkEmptyError, BulkTooLongError
from certs.numbers import mask_number, parse_number
from certs.verification import Question, verify_public
from certs.wording import STANDING_WORDS
from exam.core.audit.publication import LogPublication
from exam.core.crypto import Sealer
from exam.core.errors import DomainError
from exam.core.sheets.columns import NamedRow, find_rows
from exam.core.sheets.limited import read_sheets
from exam.core.sheets.writer import OutCell, write_workbook

COLUMNS = ("姓名", "证书编号")
RESULT_COLUMNS = ("行", "姓名", "证书编号", "状态", "项目", "有效期至", "发证机关", "说明")
STATUSES = STANDING_WORDS | {
    "recorded": "国家平台证照(仅登记)",
    "unproven": "无法证明",
    "not_found": "未找到",
    "refused": "没有核验",
}
"""What a row may come to, with Chinese msgids."""
MAX_ROWS = 1000
_NAMES = {
    "name": {"姓名", "持证人", "name"},
    "number": {"证书编号", "证号", "编号", "证书号", "操作证号", "number"},
}


class BulkLine(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one row: an answer by the public rules, or why nothing could be asked."""

    number: int
    name: str
    masked: str
    answer: Answer | None
    error: DomainError | None = None

    @property
    def word(self) -> str:
        """Return the status as `Verdict` has it, or `refused`."""
        return self.answer.status.value if self.answer else "refused"


def template_workbook() -> bytes:
    """Return an empty workbook with the right headings, every cell formatted as text."""
    return write_workbook(COLUMNS, [("", "")], sheet="证书核验")


async def read_rows(data: bytes | None) -> list[NamedRow]:
    """Read the first sheet that has the headings.

    Raises the refusals of unreadable files, BulkColumnsError, BulkEmptyError and BulkTooLongError.
    """
    if not data:
        raise BulkEmptyError
    rows = find_rows(await asyncio.to_thread(read_sheets, data), _NAMES, tuple(_NAMES))
    if rows is None:
        raise BulkColumnsError
    if not rows:
        raise BulkEmptyError
    if len(rows) > MAX_ROWS:
        raise BulkTooLongError(rows=len(rows), limit=MAX_ROWS)
    return rows


async def check_rows(
    session: AsyncSession, sealer: Sealer, rows: Sequence[NamedRow], *, at: datetime, log: LogPublication
) -> list[BulkLine]:
    """Ask about every row as a stranger would, by name and number together; an unknown number is as a wrong name."""
    return [await _check(session, sealer, row, at, log) for row in rows]


async def _check(session: AsyncSession, sealer: Sealer, row: NamedRow, at: datetime, log: LogPublication) -> BulkLine:
    name, number = row.cells["name"], row.cells["number"]
    try:
        masked = mask_number(parse_number(number))
        told = await verify_public(session, sealer, Question(name=name, number=number), at=at, log=log)
    except DomainError as error:
        # what could not be read is not repeated: it may be an ID number with a slip in it
        return BulkLine(number=row.number, name=name, masked="", answer=None, error=error)
    return BulkLine(number=row.number, name=name, masked=masked, answer=told)


class Words(msgspec.Struct, frozen=True):
    """What the workbook says in the reader's language: headings, status by code, and a way to translate a title."""

    headings: Sequence[str]
    statuses: dict[str, str]


def result_workbook(lines: Sequence[BulkLine], words: Words, refusals: Sequence[str], titles: dict[str, str]) -> bytes:
    """Return one row per credential that was found, one for every row that found none, in the order of the file.

    `refusals` gives the sentence of each line, empty where it was asked, `titles` the name of each qualification.
    """
    rows: list[tuple[OutCell, ...]] = []
    for line, refusal in zip(lines, refusals, strict=True):
        start = (line.number, line.name, line.masked)
        held = line.answer.credentials if line.answer else ()
        if not held:
            rows.append((*start, words.statuses[line.word], "", "", "", refusal))
        rows += [(*start, *_held(each, words, titles), refusal) for each in held]
    return write_workbook(words.headings, rows, sheet="result")


def _held(each: CredentialAnswer, words: Words, titles: dict[str, str]) -> tuple[OutCell, ...]:
    status = words.statuses[each.status.value]
    return status, titles.get(each.qualification, each.title), each.valid_until.isoformat(), each.issuer
