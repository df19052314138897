"""What the books and the review list: stems with their nodes, and a mock's marks by node."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.training.classes.views import EnrolmentView
from exam.training.practice.mocks import ReviewedSlot
from questionbank.api import PoolItem, find_syllabus, list_practice_stems


class BookLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item of a book: what it asks, never its key."""

    version: str
    stem: str
    node: str
    node_title: str


class NodeResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a mock found on one chapter."""

    code: str
    title: str
    right: int
    items: int


async def list_node_titles(session: AsyncSession, qualification: str) -> dict[str, str]:
    """Return the titles of the syllabus in force by code."""
    syllabus = await find_syllabus(session, qualification)
    return {node.code: node.title for node in syllabus.nodes} if syllabus else {}


async def list_book(session: AsyncSession, learner: EnrolmentView, items: Sequence[PoolItem]) -> list[BookLine]:
    """Return the lines of a book by node."""
    titles = await list_node_titles(session, learner.qualification)
    stems = await list_practice_stems(session, [item.version for item in items])
    lines = [
        BookLine(version=item.version, stem=stems[item.version], node=item.node, node_title=titles.get(item.node, ""))
        for item in items
    ]
    return sorted(lines, key=lambda line: (line.node, line.stem))


async def review_context(session: AsyncSession, qualification: str, slots: Sequence[ReviewedSlot]) -> dict[str, Any]:
    """Return what the review of a mock shows."""
    titles = await list_node_titles(session, qualification)
    return {"slots": slots, "titles": titles, "by_node": by_chapter(slots, titles)}


def by_chapter(slots: Sequence[ReviewedSlot], titles: dict[str, str]) -> list[NodeResult]:
    """Return right answers and items of each chapter in its order; pure."""
    found: dict[str, list[bool]] = {}
    for slot in slots:
        found.setdefault(slot.node.split(".")[0], []).append(slot.correct)
    ordered = [code for code in titles if code in found] + [code for code in found if code not in titles]
    return [
        NodeResult(code=code, title=titles.get(code, ""), right=sum(found[code]), items=len(found[code]))
        for code in ordered
    ]
