"""One item as its makers see it: what a candidate would see, the key apart, versions with what changed, the acts."""

from collections.abc import Sequence
from datetime import datetime
from difflib import SequenceMatcher
from hashlib import sha256
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.areas import Area, find_area
from exam.core.errors import NotFoundError
from questionbank.formats.weighing import weights_text
from questionbank.formats.words import DEPTH_NAMES
from questionbank.interactions.figures import pick_figures
from questionbank.interactions.registry import kind_of
from questionbank.items.content import Depth, Figure, Interaction, ItemContent
from questionbank.items.models import ImportBatch, ItemEventRow, ItemRow, ItemVersionRow
from questionbank.items.state import ItemAct, ItemState

REWRITTEN = 0.5
"""Likeness of two texts (2 × matches / characters) below which a comparison by characters only confuses."""


class Piece(msgspec.Struct, frozen=True):
    """A run of text that stayed, went or came: `kind` is same, gone or new."""

    kind: str
    text: str


class Side(msgspec.Struct, frozen=True):
    """A text of one version with the figures that it names."""

    text: str
    figures: tuple[Figure, ...]


class Change(msgspec.Struct, frozen=True):
    """What one version changed in one field; `field` is a Chinese msgid and `label` an option's letter or empty.

    `sides` are the text before and after where either has figures, which no run of characters can show.
    """

    field: str
    label: str
    pieces: tuple[Piece, ...]
    sides: tuple[Side, ...] = ()


class VersionView(msgspec.Struct, frozen=True, kw_only=True):
    """One version; `changes` are against the version before it."""

    number: int
    content: ItemContent
    node: str
    depth: str
    difficulty: int
    author_id: UUID
    author_name: str
    created_at: datetime
    digest: str
    changes: tuple[Change, ...] = ()


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """One act."""

    act: ItemAct
    version: int
    by: str
    reason: str
    at: datetime


class ItemView(msgspec.Struct, frozen=True, kw_only=True):
    """An item whole; `versions` begin with the newest."""

    id: UUID
    qualification: str
    state: ItemState
    version: int
    published_version: int | None
    practice_version: int | None
    released_at: datetime | None
    reviewed_by: UUID | None
    review_due_since: datetime | None
    review_due_reason: str
    laws: tuple[str, ...]
    batch: UUID | None
    batch_name: str
    batch_row: int | None
    similar_to: UUID | None
    twin: ItemContent | None
    versions: tuple[VersionView, ...]
    events: tuple[EventView, ...]

    @property
    def newest(self) -> VersionView:
        return self.versions[0]

    @property
    def in_force(self) -> int | None:
        """The version that forms are dealt from, or that people practise with."""
        return self.published_version or self.practice_version

    def wrote(self, account: UUID | None) -> bool:
        """Tell whether an account is among the item's authors."""
        return any(version.author_id == account for version in self.versions)


async def get_item(session: AsyncSession, item_id: UUID) -> ItemView:
    """Return one item with its whole history; raises NotFoundError."""
    item = await session.get(ItemRow, item_id)
    if item is None:
        raise NotFoundError(item_id=str(item_id))
    of_item = select(ItemVersionRow).where(ItemVersionRow.item_id == item_id)
    versions = list(await session.scalars(of_item.order_by(ItemVersionRow.number)))
    events = await session.scalars(
        select(ItemEventRow).where(ItemEventRow.item_id == item_id).order_by(ItemEventRow.id.desc())
    )
    batch = await session.get(ImportBatch, item.import_id) if item.import_id else None
    return ItemView(
        id=item.id,
        qualification=item.qualification,
        state=ItemState(item.state),
        version=item.version,
        published_version=item.published_version,
        practice_version=item.practice_version,
        released_at=item.released_at,
        reviewed_by=item.reviewed_by,
        review_due_since=item.review_due_since,
        review_due_reason=item.review_due_reason,
        laws=tuple(item.laws),
        batch=item.import_id,
        batch_name=batch.filename if batch else "",
        batch_row=item.import_row,
        similar_to=item.similar_to,
        twin=await find_content(session, item.similar_to) if item.similar_to else None,
        versions=_versions(versions),
        events=tuple(
            EventView(act=ItemAct(each.act), version=each.version, by=each.account_name, reason=each.reason, at=each.at)
            for each in events
        ),
    )


async def find_content(session: AsyncSession, item_id: UUID) -> ItemContent | None:
    """Return the newest content of an item."""
    query = select(ItemVersionRow.content).where(ItemVersionRow.item_id == item_id)
    content = await session.scalar(query.order_by(ItemVersionRow.number.desc()).limit(1))
    return msgspec.convert(content, ItemContent) if content else None


def _versions(rows: Sequence[ItemVersionRow]) -> tuple[VersionView, ...]:
    views: list[VersionView] = []
    for row in rows:
        view = VersionView(
            number=row.number,
            content=msgspec.convert(row.content, ItemContent),
            node=row.node,
            depth=DEPTH_NAMES[Depth(row.depth)],
            difficulty=row.difficulty,
            author_id=row.author_id,
            author_name=row.author_name,
            created_at=row.created_at,
            digest=row.digest,
        )
        changes = compare(views[-1], view) if views else ()
        views.append(msgspec.structs.replace(view, changes=changes))
    return tuple(reversed(views))


def compare(before: VersionView, after: VersionView) -> tuple[Change, ...]:
    """Return the fields that differ, in reading order."""
    old, new = _texts(before), _texts(after)
    changes = []
    for name in dict.fromkeys([*old, *new]):
        sides = _side(old.get(name, ""), before.content), _side(new.get(name, ""), after.content)
        if sides[0] == sides[1]:
            continue
        if any(side.figures for side in sides):
            changes.append(Change(*name, (), sides))
        else:
            changes.append(Change(*name, diff_text(sides[0].text, sides[1].text)))
    return tuple(changes)


def _side(text: str, content: ItemContent) -> Side:
    (text,), figures = pick_figures([text], content.figures or ())
    return Side(text, figures)


def _texts(version: VersionView) -> dict[tuple[str, str], str]:
    content = version.content
    return {
        ("题型", ""): content.interaction.value,
        ("题目", ""): content.stem,
        ("照片", ""): sha256(content.photo.jpeg).hexdigest() if content.photo else "",
        **{("选项", option.id): option.text for option in content.options},
        ("答案", ""): "、".join(content.key),
        ("按答案给分", ""): weights_text(kind_of(content), content),
        ("解析", ""): content.explanation,
        ("依据", ""): content.basis,
        ("知识点", ""): version.node,
        ("掌握程度", ""): version.depth,
        ("难度", ""): str(version.difficulty),
    }


def diff_text(old: str, new: str) -> tuple[Piece, ...]:
    """Return the runs that turn one text into another, by characters; a text that was rewritten goes and comes whole."""
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < REWRITTEN:
        return tuple(Piece(kind, text) for kind, text in (("gone", old), ("new", new)) if text)
    pieces: list[Piece] = []
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", old[start:end]))
            continue
        if end > start:
            pieces.append(Piece("gone", old[start:end]))
        if new_end > new_start:
            pieces.append(Piece("new", new[new_start:new_end]))
    return tuple(pieces)


def shown_options(content: ItemContent) -> list[tuple[str, str]]:
    """Return what stands before a candidate: (label, text), 正确/错误 of a judgement without letters."""
    options = kind_of(content).show(content, range(len(content.options))).options
    return [("" if content.interaction is Interaction.JUDGEMENT else label, text) for label, text in options]


def weights_of(content: ItemContent) -> list[tuple[str, int]]:
    """Return each answer with marks of its own in words, with hundredths."""
    if content.weights is msgspec.UNSET:
        return []
    kind, names = kind_of(content), kind_of(content).written(content)
    return [("".join(kind.told(names, [label])) or label, worth) for label, worth in content.weights.entries]


def areas_of(content: ItemContent) -> list[Area]:
    """Return the areas of a photo that are to be found."""
    return [area for option in content.options if content.photo and (area := find_area(option.text))]
