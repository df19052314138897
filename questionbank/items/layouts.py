"""列的对应: what an author said about the columns of a table, kept for the next file with the same titles."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from questionbank.formats.layouts import FIELD_NAMES, IGNORED, Layouts, fold_title, heads_of
from questionbank.formats.reading import Column
from questionbank.items.drafting import require_account
from questionbank.items.models import ImportLayout

KEPT: Final = 500
"""How many layouts a reading is told of, the newest first."""


class ColumnsError(DomainError):
    """A layout names no stem or no key, the same field twice, or one that there is none of."""

    code = "columns"
    message = "请为“题目”和“答案”各指定一列,同一含义不能指定给两列。"


def given_columns(columns: Mapping[str, str]) -> Mapping[str, str]:
    """Return fields by folded title as a reading wants them; raises ColumnsError for a field that there is none of."""
    if not set(columns.values()) <= {*FIELD_NAMES, IGNORED}:
        raise ColumnsError
    return {fold_title(title): field for title, field in columns.items()}


async def find_layouts(session: AsyncSession, given: Mapping[str, str]) -> Layouts:
    """Return what a reading should know of columns: `given` for this file, and what was remembered in the scope."""
    query = select(ImportLayout.heads, ImportLayout.fields).order_by(ImportLayout.changed_at.desc()).limit(KEPT)
    rows = (await session.execute(query)).all()
    return Layouts(given=given, known={heads: fields for heads, fields in reversed(rows)})  # noqa: C416  # rows are no pairs


async def remember_layout(
    session: AsyncSession, principal: Principal, columns: Sequence[Column], *, region: str, at: datetime
) -> None:
    """Keep a whole layout for the next file with the same titles, in place of the one there was.

    Raises ColumnsError.
    """
    fields = {fold_title(column.title): column.field for column in columns if fold_title(column.title)}
    counts = Counter(field for field in fields.values() if field != IGNORED)
    if not {"stem", "key"} <= counts.keys() <= FIELD_NAMES.keys() or max(counts.values()) > 1:
        raise ColumnsError
    values = {"fields": fields, "account_id": require_account(principal), "account_name": principal.name}
    values["changed_at"] = at
    kept = insert(ImportLayout).values(region=region, heads=heads_of(list(fields)), **values)
    await session.execute(kept.on_conflict_do_update(index_elements=["region", "heads"], set_=values))
