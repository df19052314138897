"""A search for items as an address asks it, and the way out of one that finds nothing."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from questionbank.items.finding import ItemFilter
from questionbank.items.listing import count_items
from questionbank.pages import AnyRequest

QUERY_LIMIT = 128
FULL = 100
_NOWHERE = UUID(int=0)
_PARAMETERS = {
    "q": "words",
    "qualification": "qualification",
    "node": "node",
    "interaction": "interaction",
    "low": "low",
    "high": "high",
    "law": "law",
    "state": "state",
    "use": "use",
    "mark": "mark",
    "batch": "batch",
}
"""Parameter of the address → field of the filter."""

_LABELS = {
    "words": "题目文字",
    "node": "知识点",
    "interaction": "题型",
    "low": "难度不低于",
    "high": "难度不高于",
    "law": "所依据的法规标准",
    "state": "状态",
    "use": "用途",
    "mark": "标记",
    "batch": "导入批次",
    "qualification": "资格",
}
"""Chinese message ids."""


def provide_filter(request: AnyRequest) -> ItemFilter:
    """Read a filter from the query; a batch that is no id finds nothing rather than everything."""
    params = request.query_params
    asked: dict[str, Any] = {
        field: text[:QUERY_LIMIT].strip()
        for name, field in _PARAMETERS.items()
        if isinstance(text := params.get(name), str)
    }
    batch, low, high = (asked.pop(name, "") for name in ("batch", "low", "high"))
    return ItemFilter(batch=_batch(batch), low=_percent(low), high=_percent(high), **asked)


def _batch(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return _NOWHERE


def _percent(text: str) -> int | None:
    return min(int(text), FULL) if text.isdecimal() else None


def query_of(wanted: ItemFilter) -> str:
    """Return a filter as the query that `provide_filter` reads."""
    fields = {name: getattr(wanted, field) for name, field in _PARAMETERS.items()}
    return urlencode({name: str(value) for name, value in fields.items() if value not in {"", None}})


class Loosened(msgspec.Struct, frozen=True):
    """A search with one condition less: the condition's name as a msgid, the rest as a query, and what it finds."""

    label: str
    query: str
    items: int


async def loosened(session: AsyncSession, wanted: ItemFilter) -> list[Loosened]:
    """Return every condition whose absence would let the search find something."""
    nothing, found = ItemFilter(), []
    for field, label in _LABELS.items():
        if getattr(wanted, field) != getattr(nothing, field):
            wider = msgspec.structs.replace(wanted, **{field: getattr(nothing, field)})
            items = await count_items(session, wider)
            found += [Loosened(label, query_of(wider), items)] if items else []
    return found
