"""Finding items: by any of their words, the law they cite, node, interaction, difficulty, state, use and batch."""

from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, ScalarSelect, Select, Text, column, false, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from questionbank.items.models import ItemRow, ItemVersionRow
from questionbank.statistics.models import ItemSuspicion

MOST_WORDS = 8
LAWS_SHOWN = 500
FOUND = (
    "id",
    "qualification",
    "state",
    "version",
    "published_version",
    "practice_version",
    "interaction",
    "node",
    "difficulty",
    "laws",
    "review_due_since",
    "author_id",
    "reviewed_by",
    "import_id",
    "import_row",
    "changed_at",
)
"""Columns that a search for words gives, `questionbank_find_items`."""


class ItemFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for; an empty field asks for nothing. `node` stands for its whole subtree.

    Every one of `words`, apart by blanks, must stand in stem, options, explanation or basis. `law` is as authors cite it,
    or a part of its name. `low` and `high` bound the difficulty, both included. `use` is exam for what forms are dealt
    from, practice for what is open to learners; `mark` is suspected for what may have leaked, review for
    what is due for review.
    """

    qualification: str = ""
    words: str = ""
    node: str = ""
    interaction: str = ""
    low: int | None = None
    high: int | None = None
    law: str = ""
    state: str = ""
    use: str = ""
    mark: str = ""
    batch: UUID | None = None
    author: UUID | None = None
    not_author: UUID | None = None
    not_reviewer: UUID | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether more is asked than words and a qualification: the other conditions are folded away otherwise."""
        return msgspec.structs.replace(self, qualification="", words="", batch=None) != ItemFilter()


async def plan_anew(session: AsyncSession) -> None:
    """Have the searches of this transaction planned for what they look for.

    A plan for any search, which a statement used often would get, reads the bank from end to end.
    """
    await session.execute(select(func.set_config("plan_cache_mode", "force_custom_plan", True)))


def source_of(wanted: ItemFilter) -> type[ItemRow]:
    """Return what to look in: all items, or those that hold the words.

    The owner's function finds these by an index, from which row-level security keeps everybody else, and gives those of
    the scope alone, without their texts.
    """
    terms = wanted.words.lower().split()[:MOST_WORDS]
    if not terms:
        return ItemRow
    columns = [column(name, ItemRow.__table__.c[name].type) for name in FOUND]
    found = func.questionbank_find_items(literal(terms, ARRAY(Text))).table_valued(*columns)
    return aliased(ItemRow, found, adapt_on_names=True)


def conditions_of(wanted: ItemFilter, row: type[ItemRow]) -> list[ColumnElement[bool]]:
    """Return what an item from its source must fulfil beside the words."""
    plain = {
        "qualification": wanted.qualification,
        "interaction": wanted.interaction,
        "state": wanted.state,
        "import_id": wanted.batch,
        "author_id": wanted.author,
    }
    found: list[ColumnElement[bool]] = [getattr(row, name) == value for name, value in plain.items() if value]
    if wanted.node:
        found.append(or_(row.node == wanted.node, row.node.startswith(f"{wanted.node}.", autoescape=True)))
    if wanted.low is not None:
        found.append(row.difficulty >= wanted.low)
    if wanted.high is not None:
        found.append(row.difficulty <= wanted.high)
    if wanted.law:
        found.append(_citing(wanted.law, row))
    if wanted.use:
        in_use = {"exam": row.published_version, "practice": row.practice_version}.get(wanted.use)
        found.append(in_use.is_not(None) if in_use is not None else false())
    if wanted.mark:
        found.append(_marked(wanted.mark, row))
    return found + _persons(wanted, row)


def _marked(mark: str, row: type[ItemRow]) -> ColumnElement[bool]:
    open_ones = select(ItemSuspicion.item_id).where(ItemSuspicion.state == "open")
    due = row.review_due_since.is_not(None)
    return {"suspected": row.id.in_(open_ones), "review": due}.get(mark, false())


def cited_in(text: str) -> ScalarSelect[list[str]]:
    """Return what the database reads from a text as the laws that it cites."""
    return select(func.questionbank_laws(func.jsonb_build_object("basis", text))).scalar_subquery()


def _citing(law: str, row: type[ItemRow]) -> ColumnElement[bool]:
    named = func.array_to_string(row.laws, "\n").icontains(law, autoescape=True)
    return or_(row.laws.overlap(cited_in(law)), named)


def _persons(wanted: ItemFilter, row: type[ItemRow]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.not_author:
        wrote = select(ItemVersionRow.id).where(
            ItemVersionRow.item_id == row.id, ItemVersionRow.author_id == wanted.not_author
        )
        found.append(~wrote.exists())
    if wanted.not_reviewer:
        found.append(row.reviewed_by != wanted.not_reviewer)
    return found


def matching(wanted: ItemFilter) -> Select[ItemRow]:
    """Return the query of all items that a filter finds."""
    source = source_of(wanted)
    found = conditions_of(wanted, source)
    if source is not ItemRow:
        found = [ItemRow.id.in_(select(source.id).where(*found))]
    return select(ItemRow).where(*found)


class CitedLaw(msgspec.Struct, frozen=True):
    """A law or standard, and how many items cite it."""

    name: str
    items: int


async def list_laws(session: AsyncSession, wanted: ItemFilter) -> list[CitedLaw]:
    """Return what the found items cite, the most cited first."""
    source = source_of(wanted)
    cited = select(func.unnest(source.laws).label("law")).where(*conditions_of(wanted, source)).subquery()
    await plan_anew(session)
    query = select(cited.c.law, func.count()).group_by(cited.c.law).order_by(func.count().desc(), cited.c.law)
    rows = await session.execute(query.limit(LAWS_SHOWN))
    return [CitedLaw(name, items) for name, items in rows]
