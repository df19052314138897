"""Finding items: by any of their words, the law they cite, node, interaction, difficulty, state, use and batch."""

from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, ScalarSelect, Select, Text, false, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from questionbank.items.models import ItemRow, ItemVersionRow
from questionbank.statistics.models import ItemSuspicion

TRIGRAM = 3
"""Characters that the index can look up; fewer are looked for from row to row."""
MOST_WORDS = 8
LAWS_SHOWN = 500


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


def conditions_of(wanted: ItemFilter) -> list[ColumnElement[bool]]:
    """Return what an item's row must fulfil."""
    plain = {
        ItemRow.qualification: wanted.qualification,
        ItemRow.interaction: wanted.interaction,
        ItemRow.state: wanted.state,
        ItemRow.import_id: wanted.batch,
        ItemRow.author_id: wanted.author,
    }
    found: list[ColumnElement[bool]] = [column == value for column, value in plain.items() if value]
    found += _wording(wanted.words)
    if wanted.node:
        found.append(or_(ItemRow.node == wanted.node, ItemRow.node.startswith(f"{wanted.node}.", autoescape=True)))
    if wanted.low is not None:
        found.append(ItemRow.difficulty >= wanted.low)
    if wanted.high is not None:
        found.append(ItemRow.difficulty <= wanted.high)
    if wanted.law:
        found.append(_citing(wanted.law))
    if wanted.use:
        in_use = {"exam": ItemRow.published_version, "practice": ItemRow.practice_version}.get(wanted.use)
        found.append(in_use.is_not(None) if in_use is not None else false())
    if wanted.mark:
        found.append(_marked(wanted.mark))
    return found + _persons(wanted)


def _marked(mark: str) -> ColumnElement[bool]:
    open_ones = select(ItemSuspicion.item_id).where(ItemSuspicion.state == "open")
    due = ItemRow.review_due_since.is_not(None)
    return {"suspected": ItemRow.id.in_(open_ones), "review": due}.get(mark, false())


def _wording(words: str) -> list[ColumnElement[bool]]:
    """Return the conditions for words: long ones by index, which row-level security leaves to the owner's function."""
    terms = words.lower().split()[:MOST_WORDS]
    long = [f"%{_escaped(term)}%" for term in terms if len(term) >= TRIGRAM]
    found: list[ColumnElement[bool]] = [
        ItemRow.words.contains(term, autoescape=True) for term in terms if len(term) < TRIGRAM
    ]
    if long:
        indexed = func.questionbank_find_items(literal(long, ARRAY(Text)))
        found.append(ItemRow.id.in_(select(indexed)))
    return found


def _escaped(term: str) -> str:
    return term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def cited_in(text: str) -> ScalarSelect[list[str]]:
    """Return what the database reads from a text as the laws that it cites."""
    return select(func.questionbank_laws(func.jsonb_build_object("basis", text))).scalar_subquery()


def _citing(law: str) -> ColumnElement[bool]:
    named = func.array_to_string(ItemRow.laws, "\n").icontains(law, autoescape=True)
    return or_(ItemRow.laws.overlap(cited_in(law)), named)


def _persons(wanted: ItemFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.not_author:
        wrote = select(ItemVersionRow.id).where(
            ItemVersionRow.item_id == ItemRow.id, ItemVersionRow.author_id == wanted.not_author
        )
        found.append(~wrote.exists())
    if wanted.not_reviewer:
        found.append(ItemRow.reviewed_by != wanted.not_reviewer)
    return found


def matching(wanted: ItemFilter) -> Select[ItemRow]:
    """Return the query of all items that a filter finds."""
    return select(ItemRow).where(*conditions_of(wanted))


class CitedLaw(msgspec.Struct, frozen=True):
    """A law or standard, and how many items cite it."""

    name: str
    items: int


async def list_laws(session: AsyncSession, wanted: ItemFilter) -> list[CitedLaw]:
    """Return what the found items cite, the most cited first."""
    cited = select(func.unnest(ItemRow.laws).label("law")).where(*conditions_of(wanted)).subquery()
    query = select(cited.c.law, func.count()).group_by(cited.c.law).order_by(func.count().desc(), cited.c.law)
    rows = await session.execute(query.limit(LAWS_SHOWN))
    return [CitedLaw(name, items) for name, items in rows]
