"""The seed banks (questionbank/seed): a bank for a new installation, brought through review by three people."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import ascii_uppercase
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.standards.api import get_qualification
from questionbank.blueprints.cells import Blueprint
from questionbank.blueprints.published import find_published_row
from questionbank.blueprints.service import draft_blueprint, publish_blueprint
from questionbank.interactions.figures import settle_figures
from questionbank.interactions.photo import fit_photo
from questionbank.interactions.registry import KINDS
from questionbank.items.content import Depth, Interaction, ItemContent, ItemDraft, Option
from questionbank.items.importing import write_batch
from questionbank.items.models import ItemRow
from questionbank.items.reviewing import act_on_items
from questionbank.items.state import ItemAct
from questionbank.seed_figures import make_figure
from questionbank.seed_photo import draw_warehouse
from questionbank.syllabus.service import SyllabusDraft, draft_syllabus, publish_syllabus

MOCK_TENTHS = 11
"""Items open for practice, in tenths of what one form takes."""


class SeedItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of items.jsonl."""

    id: str
    interaction: Interaction
    stem: str
    options: tuple[str, ...]
    key: tuple[str, ...]
    node: str
    depth: Depth
    difficulty: int
    explanation: str
    basis: str
    photo: Literal["", "warehouse"] = ""
    figures: tuple[str, ...] = ()


class SeedReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was loaded; `items` is 0 when the qualification had a bank already and nothing was touched."""

    qualification: str
    items: int
    blueprint_id: UUID | None


def list_seed_banks() -> list[str]:
    """Return the qualification codes that have a seed bank."""
    return sorted(folder.name for folder in _root().iterdir() if folder.is_dir())


def _root() -> Traversable:
    return files("questionbank") / "seed"


def read_seed_items(code: str) -> list[ItemDraft]:
    """Return the items of one seed bank."""
    lines = (_folder(code) / "items.jsonl").read_bytes().splitlines()
    return [_draft(msgspec.json.decode(line, type=SeedItem), row) for row, line in enumerate(lines, 1)]


def _folder(code: str) -> Traversable:
    if code not in list_seed_banks():
        raise NotFoundError(qualification=code)
    return _root() / code


def _draft(item: SeedItem, row: int) -> ItemDraft:
    texts, figures = [item.stem, *item.options, item.explanation], [make_figure(name) for name in item.figures]
    (stem, *told, explanation), kept = settle_figures(texts, figures)
    lettered = tuple(Option(letter, text) for letter, text in zip(ascii_uppercase, told, strict=False))
    options, key = KINDS[item.interaction].settle(stem, lettered, item.key or "")
    return ItemDraft(
        content=ItemContent(
            interaction=item.interaction,
            stem=stem,
            options=options,
            key=key,
            explanation=explanation,
            basis=item.basis,
            photo=fit_photo(draw_warehouse())[0] if item.photo else msgspec.UNSET,
            figures=kept or msgspec.UNSET,
        ),
        node=item.node,
        depth=item.depth,
        difficulty=item.difficulty,
        row=row,
    )


def share_for_practice(blueprint: Blueprint, items: Sequence[tuple[UUID, str, str]]) -> list[UUID]:
    """Return which items a seed bank gives to practice: a third of each interaction, at least a mock with some to spare.

    Interactions that the blueprint does not ask for are given whole.
    `items` are (id, interaction, node) in the bank's order; every node gives its first ones before any gives more.
    """
    chosen: list[UUID] = []
    for kind in Interaction:
        seen: Counter[str] = Counter()
        ranked: list[tuple[int, int, UUID]] = []
        for place, (item_id, interaction, node) in enumerate(items):
            if interaction == kind:
                ranked.append((seen[node], place, item_id))
                seen[node] += 1
        need = sum(cell.count for cell in blueprint.cells if cell.interaction is kind)
        most = max(-(-need * MOCK_TENTHS // 10), len(ranked) // 3) if need else len(ranked)
        chosen += [item_id for _, _, item_id in sorted(ranked)[:most]]
    return chosen


async def release_seed_practice(bank_session: AsyncSession, runtime: Runtime, publisher: Principal, code: str) -> int:
    """Open a part of a seed bank for practice and return how many items; a bank that has some open keeps them."""
    of_bank = (ItemRow.qualification == code, ItemRow.state == "published")
    if await bank_session.scalar(select(func.count()).where(*of_bank, ItemRow.released_at.is_not(None))):
        return 0
    query = select(ItemRow.id, ItemRow.interaction, ItemRow.node).where(*of_bank)
    rows = (await bank_session.execute(query.order_by(ItemRow.import_row, ItemRow.id))).all()
    blueprint = msgspec.json.decode((_folder(code) / "blueprint.json").read_bytes(), type=Blueprint)
    chosen = share_for_practice(blueprint, [(row[0], row[1], row[2]) for row in rows])
    return await act_on_items(bank_session, publisher, ItemAct.RELEASED, chosen, at=runtime.clock.now())


async def publish_by_three(
    session: AsyncSession,
    people: tuple[Principal, Principal, Principal],
    ids: Sequence[UUID],
    *,
    at: datetime,
    batch: UUID | None = None,
) -> None:
    """Bring items of the first person through review by the second and publication by the third."""
    for person, act in zip(people, (ItemAct.SUBMITTED, ItemAct.APPROVED, ItemAct.PUBLISHED), strict=True):
        await act_on_items(session, person, act, list(ids), at=at, batch=batch)


async def load_seed_bank(
    bank_session: AsyncSession,
    runtime: Runtime,
    *,
    author: Principal,
    reviewer: Principal,
    publisher: Principal,
    code: str,
) -> SeedReport:
    """Store and publish syllabus, items and blueprint of one seed bank; a qualification that has items keeps them.

    The three principals must be three people with the makers' roles in the root region.
    """
    region, at, folder = runtime.settings.root_region, runtime.clock.now(), _folder(code)
    if await bank_session.scalar(select(func.count()).where(ItemRow.qualification == code)):
        standing = await find_published_row(bank_session, code)
        return SeedReport(qualification=code, items=0, blueprint_id=standing.id if standing else None)
    syllabus = msgspec.json.decode((folder / "syllabus.json").read_bytes(), type=SyllabusDraft)
    syllabus_id = await draft_syllabus(bank_session, author, syllabus, region=region, at=at)
    await publish_syllabus(bank_session, publisher, syllabus_id, region=region, at=at)
    batch, ids = await write_batch(
        bank_session,
        runtime,
        author,
        filename=f"内置题库 · {get_qualification(code).title}",
        qualification=code,
        drafts=read_seed_items(code),
    )
    await publish_by_three(bank_session, (author, reviewer, publisher), ids, at=at, batch=batch)
    blueprint = msgspec.json.decode((folder / "blueprint.json").read_bytes(), type=Blueprint)
    blueprint_id = await draft_blueprint(bank_session, author, blueprint, region=region, at=at)
    await publish_blueprint(bank_session, publisher, blueprint_id, region=region, at=at)
    return SeedReport(qualification=code, items=len(ids), blueprint_id=blueprint_id)
