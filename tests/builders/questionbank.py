"""Banks for tests: people of the three makers' roles, items, a blueprint."""

import io
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

import msgspec
from PIL import Image

from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.ids import new_id
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from questionbank.blueprints.cells import Blueprint, Cell
from questionbank.blueprints.service import draft_blueprint, publish_blueprint
from questionbank.interactions.photo import fit_photo
from questionbank.interactions.registry import KINDS
from questionbank.items.content import Depth, Interaction, ItemContent, ItemDraft, Option, Photo
from questionbank.items.drafting import draft_items
from questionbank.items.reviewing import act_on_items
from questionbank.items.state import ItemAct
from tests.builders.figures import figured_draft

ROOT = "33"
BARE = frozenset({Interaction.JUDGEMENT, Interaction.TEXT_ENTRY, Interaction.EXTENDED_TEXT})
"""Interactions without options."""


def maker(role: str, *, name: str = "", region: str = ROOT) -> Principal:
    """Return a person of the bank with one role."""
    return Principal(account=new_id(), name=name or role, grants=(Grant(role, region),), second_factor=True)


class Makers(msgspec.Struct, frozen=True, kw_only=True):
    """The three people behind a published item."""

    author: Principal
    reviewer: Principal
    publisher: Principal


def makers() -> Makers:
    """Return three different people."""
    return Makers(author=maker("author"), reviewer=maker("reviewer"), publisher=maker("publisher"))


def content(interaction: Interaction, number: int, *, token: str = "") -> ItemContent:
    """Return content that is unlike every other number's; `token` marks explanation and basis."""
    stem = f"第{number}号场所{interaction.value}作业前应当确认的第{number * 7}项内容是什么"
    photo = scene() if interaction is Interaction.HOTSPOT else msgspec.UNSET
    if interaction in {Interaction.MATCH, Interaction.INLINE_CHOICE}:
        stem, options, key = _grouped(interaction, stem, number)
    elif interaction is Interaction.CASE:
        lines = (
            f"第一问{number}|*对甲{number}|错甲{number}",
            f"第二问{number}|*对乙{number}|*也对{number}|错乙{number}",
        )
        lettered = tuple(Option(letter, text) for letter, text in zip("AB", lines, strict=True))
        options, key = KINDS[interaction].settle(stem, lettered, "")
    elif interaction is Interaction.HOTSPOT:
        areas = (
            f"隐患{number}{token} @ rect 10,10,40,30",
            "缺少护栏 @ circle 80,40,15",
            "乱拉电线 @ poly 90,60,120,60,120,90",
        )
        lettered = tuple(Option(letter, text) for letter, text in zip("ABC", areas, strict=True))
        options, key = KINDS[interaction].settle(stem, lettered, "")
    else:
        lettered = tuple(Option(letter, f"{letter}{number}措施") for letter in "ABCD")
        options = () if interaction in BARE else lettered
        key = {
            Interaction.JUDGEMENT: ("T" if number % 2 else "F",),
            Interaction.CHOICE: ("ABCD"[number % 4],),
            Interaction.MULTIPLE: ("A", "C"),
            Interaction.TEXT_ENTRY: (f"答{number}{token}",),
            Interaction.EXTENDED_TEXT: (f"要点甲{number}{token}", f"要点乙{number}"),
            Interaction.ORDER: tuple(sorted("ABCD", key=lambda letter: number * ord(letter) % 7)),
        }[interaction]
    return ItemContent(
        interaction=interaction,
        stem=stem,
        options=options,
        key=key,
        explanation=f"解析{number}{token}",
        basis=f"依据{number}{token}",
        photo=photo,
    )


@cache
def scene() -> Photo:
    """Return a small photo for items in which something is to be found."""
    out = io.BytesIO()
    Image.effect_mandelbrot((160, 120), (-2, -1, 1, 1), 60).convert("RGB").save(out, "JPEG")
    photo, _ = fit_photo(out.getvalue())
    return photo


def _grouped(interaction: Interaction, stem: str, number: int) -> tuple[str, tuple[Option, ...], tuple[str, ...]]:
    """Return what an author's lines for three groups are stored as."""
    match = interaction is Interaction.MATCH
    texts = [
        f"左{each}{number} -> 右{each}{number}" if match else f"对{each}{number}|错{each}{number}" for each in "甲乙丙"
    ]
    lines = tuple(Option(letter, text) for letter, text in zip("ABC", texts, strict=True))
    stem = stem if match else f"{stem}:先____,再____,后____"
    return stem, *KINDS[interaction].settle(stem, lines, "")


def draft(interaction: Interaction, number: int, *, node: str, token: str = "") -> ItemDraft:
    """Return a draft; difficulty varies with its number."""
    return ItemDraft(
        content=content(interaction, number, token=token),
        node=node,
        depth=Depth.GRASP,
        difficulty=10 + number * 7 % 70,
        row=number,
    )


def small_blueprint(qualification: str) -> Blueprint:
    """Return 4 judgements, 3 choices and 2 multiples: 10 marks in all, pass at 6."""
    counts = {Interaction.JUDGEMENT: (4, 100), Interaction.CHOICE: (3, 100), Interaction.MULTIPLE: (2, 150)}
    cells = tuple(Cell(interaction=each, count=count, marks=marks) for each, (count, marks) in counts.items())
    return Blueprint(qualification=qualification, title="小测验", duration_min=30, pass_marks=600, cells=cells)


PLAIN = (Interaction.JUDGEMENT, Interaction.CHOICE, Interaction.MULTIPLE, Interaction.TEXT_ENTRY)


def some_drafts(*, each: int, token: str = "", kinds: Iterable[Interaction] = PLAIN) -> list[ItemDraft]:
    """Return `each` drafts of some interactions on node 1.1."""
    return [
        draft(interaction, place * 1000 + number, node="1.1", token=token)
        for place, interaction in enumerate(kinds, 1)
        for number in range(1, each + 1)
    ]


class Bank(msgspec.Struct, frozen=True, kw_only=True):
    """A published bank."""

    makers: Makers
    item_ids: list[UUID]
    blueprint_id: UUID


async def publish_items(
    runtime: Runtime, people: Makers, *, qualification: str, drafts: Sequence[ItemDraft], at: datetime
) -> list[UUID]:
    """Bring drafts through review by three people and return the ids of the items."""
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        ids = await draft_items(session, people.author, qualification=qualification, region=ROOT, drafts=drafts, at=at)
        await act_on_items(session, people.author, ItemAct.SUBMITTED, ids, at=at)
        await act_on_items(session, people.reviewer, ItemAct.APPROVED, ids, at=at)
        await act_on_items(session, people.publisher, ItemAct.PUBLISHED, ids, at=at)
    return ids


async def publish_bank(
    runtime: Runtime, *, qualification: str, drafts: Sequence[ItemDraft], blueprint: Blueprint | None = None
) -> Bank:
    """Store and publish items and a blueprint (the small one unless another is given)."""
    people, at = makers(), runtime.clock.now()
    ids = await publish_items(runtime, people, qualification=qualification, drafts=drafts, at=at)
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        blueprint_id = await draft_blueprint(
            session, people.author, blueprint or small_blueprint(qualification), region=ROOT, at=at
        )
        await publish_blueprint(session, people.publisher, blueprint_id, region=ROOT, at=at)
    return Bank(makers=people, item_ids=ids, blueprint_id=blueprint_id)


def new_canary() -> str:
    """Return a unique token of 16 characters that no other text holds."""
    return secrets.token_hex(8)


async def publish_canary_bank(runtime: Runtime, *, qualification: str, each: int = 12) -> tuple[Bank, list[str]]:
    """Publish a bank whose every explanation, basis and text-entry key holds its own token; return the tokens too.

    The blueprint asks for text entry as well, so that stored keys carry tokens: none of them may reach a candidate.
    """
    tokens: list[str] = []
    marked = []
    for plain in some_drafts(each=each, kinds=Interaction):
        token = new_canary()
        tokens.append(token)
        number = plain.row
        marked.append(figured_draft(draft(plain.content.interaction, number, node=plain.node, token=token)))
    cells = (
        *small_blueprint(qualification).cells,
        Cell(interaction=Interaction.TEXT_ENTRY, count=2, marks=100),
    )
    blueprint = msgspec.structs.replace(small_blueprint(qualification), cells=cells)
    return await publish_bank(runtime, qualification=qualification, drafts=marked, blueprint=blueprint), tokens
