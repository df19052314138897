"""组卷: deals a frozen pool into one form per candidate, reproducibly from a committed seed.

Each item serves one cell of the blueprint. A cell's items, ordered by difficulty, are cut into thirds; each third is a
deck that is shuffled and dealt in hands, one hand per form, and is shuffled anew only when it has been dealt out.
So no item of a deck is used twice more often than another, and all forms share the same profile of difficulty.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import comb, prod

import msgspec

from exam.core.errors import ConflictError, DomainError
from questionbank.blueprints.cells import (
    Blueprint,
    PoolItem,
    check_feasible,
    item_classes,
    share_pool,
)
from questionbank.forms.canonical import digest, digest_of
from questionbank.forms.draw import ALGORITHM, Stream
from questionbank.items.content import Interaction

GROUP_ORDER = (Interaction.JUDGEMENT, Interaction.CHOICE, Interaction.MULTIPLE, Interaction.TEXT_ENTRY)
"""Order of the interaction groups on a form."""

MIN_SEED_BYTES = 16

_REORDERED = frozenset({Interaction.CHOICE, Interaction.MULTIPLE})
_THIRDS = 3
_SWAPS_PER_TWIN = 400
_RESHUFFLES = 50


class BlueprintInfeasibleError(ConflictError):
    """The pool cannot fill the blueprint; `shortages` says which cells lack how many items."""

    code = "blueprint_infeasible"
    message = "题库不足,无法按细目表组卷。请补充试题或调整细目表。"


class AssemblyInputError(DomainError):
    """The seed is too short, or a candidate key or an item stands twice in the input."""

    code = "assembly_input"
    message = "组卷输入有误:{reason}"


class AssemblySlot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One drawn item: `slot` from 1, `marks` in hundredths, `cell` the index in the blueprint, `third` of its deck.

    `option_order` gives the original index of each displayed option; it is empty where the interaction has none.
    """

    slot: int
    item_id: str
    version: str
    interaction: Interaction
    difficulty: int
    marks: int
    cell: int
    third: int
    option_order: tuple[int, ...]


class Assembly(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The draw of one form for one key; it belongs to the sealed part of a sitting."""

    key: str
    algorithm: str
    slots: tuple[AssemblySlot, ...]


class Deck(msgspec.Struct, frozen=True, kw_only=True):
    """The items of one third of one cell, as indexes into the sorted pool, and how many of them each form gets."""

    cell: int
    third: int
    members: tuple[int, ...]
    hand: int


Hand = tuple[int, ...]


def assemble(
    blueprint: Blueprint, pool: Sequence[PoolItem], *, seed: bytes, sitting: str, keys: Sequence[str]
) -> list[Assembly]:
    """Return one assembly per key, in the order of `keys`.

    The outcome depends on the seed, the sitting, the blueprint, the pool and the keys as sets, and on nothing else.
    Forms have pairwise distinct item sets when the decks allow, and otherwise distinct orders as far as there are any.
    Raises `AssemblyInputError` and `BlueprintInfeasibleError`.
    """
    _require_sound_input(pool, seed, keys)
    items = sorted(pool, key=lambda item: item.item_id)
    decks = build_decks(blueprint, items, seed=seed, sitting=sitting)
    dealt = [
        list(_deal(deck, len(keys), Stream(seed, sitting, "deal", str(deck.cell), str(deck.third)))) for deck in decks
    ]
    _separate_twins(decks, dealt, Stream(seed, sitting, "separate"))
    seats = Stream(seed, sitting, "keys").shuffle(sorted(keys))
    place = {key: number for number, key in enumerate(seats)}
    laid_out: set[tuple[str, ...]] = set()
    forms = {}
    for key in sorted(keys):
        hands = [(deck, hands[place[key]]) for deck, hands in zip(decks, dealt, strict=True)]
        slots = _lay_out(blueprint, items, hands, Stream(seed, sitting, "order", key), laid_out)
        forms[key] = Assembly(key=key, algorithm=ALGORITHM, slots=slots)
    return [forms[key] for key in keys]


def pool_digest(pool: Sequence[PoolItem]) -> str:
    """Return the digest that freezes a pool, whatever the order it is listed in."""
    return digest(sorted(pool, key=lambda item: item.item_id))


def blueprint_digest(blueprint: Blueprint) -> str:
    """Return the digest of a blueprint."""
    return digest(blueprint)


def seed_commitment(seed: bytes, sitting: str) -> str:
    """Return what is published before the draw: it binds the seed to the sitting and reveals nothing of a random seed."""
    return digest_of(b"\x00".join((b"ankao-seed-1", sitting.encode(), seed)))


def build_decks(blueprint: Blueprint, items: Sequence[PoolItem], *, seed: bytes, sitting: str) -> list[Deck]:
    """Return the decks of all cells over a pool sorted by id; raises `BlueprintInfeasibleError`.

    A cell is cut into thirds where every third can hold two hands; a smaller one stays one deck, because cutting it
    would leave items that never come up.
    """
    shortages = check_feasible(blueprint, items)
    if shortages:
        raise BlueprintInfeasibleError(shortages=shortages)
    decks = []
    for number, (cell, members) in enumerate(
        zip(blueprint.cells, _members(blueprint, items, seed, sitting), strict=True)
    ):
        ranked = tuple(sorted(members, key=lambda index: (items[index].difficulty, index)))
        cut = cell.count >= _THIRDS and len(ranked) >= 2 * cell.count
        sizes, hands = (_in_thirds(len(ranked)), _in_thirds(cell.count)) if cut else ((len(ranked),), (cell.count,))
        edges = [sum(sizes[:third]) for third in range(len(sizes) + 1)]
        for third, ((start, end), hand) in enumerate(zip(pairwise(edges), hands, strict=True)):
            decks.append(Deck(cell=number, third=third, members=ranked[start:end], hand=hand))
    return decks


def _require_sound_input(pool: Sequence[PoolItem], seed: bytes, keys: Sequence[str]) -> None:
    if len(seed) < MIN_SEED_BYTES:
        raise AssemblyInputError(reason="种子过短")
    if len(set(keys)) < len(keys):
        raise AssemblyInputError(reason="考生重复")
    if len({item.item_id for item in pool}) < len(pool):
        raise AssemblyInputError(reason="试题重复")


def _members(blueprint: Blueprint, items: Sequence[PoolItem], seed: bytes, sitting: str) -> list[list[int]]:
    """Return the items of each cell; of a class that serves several cells, chance says which item goes where."""
    classes = item_classes(blueprint, items)
    allotment = share_pool(blueprint, classes)
    members: list[list[int]] = [[] for _ in blueprint.cells]
    for number, group in enumerate(classes):
        order = Stream(seed, sitting, "share", str(number)).shuffle(group.members)
        start = 0
        for cell in group.cells:
            end = start + allotment.taken[cell][number]
            members[cell].extend(order[start:end])
            start = end
    return members


def _in_thirds(total: int) -> tuple[int, int, int]:
    """Divide by three; a remainder goes to the middle or to both ends, so that the centre of difficulty stays put."""
    share, rest = divmod(total, _THIRDS)
    return (share + rest // 2, share + rest % 2, share + rest // 2)


def _deal(deck: Deck, hands: int, stream: Stream) -> Iterator[Hand]:
    """Deal hands without repetition; a hand that empties the deck is filled up from the next shuffle."""
    rest: list[int] = []
    for _ in range(hands):
        hand, rest = rest[: deck.hand], rest[deck.hand :]
        missing = deck.hand - len(hand)
        if missing:
            fresh = stream.shuffle(deck.members)
            drawn = [index for index in fresh if index not in hand][:missing]
            chosen = set(drawn)
            rest = [index for index in fresh if index not in chosen]
            hand = hand + drawn
        yield tuple(hand)


def _separate_twins(decks: Sequence[Deck], dealt: list[list[Hand]], stream: Stream) -> None:
    """Exchange single items between forms until no two forms hold the same items; a pool too small for that stays as dealt.

    An exchange stays within a deck, so exposure does not change.
    """
    loose = [number for number, deck in enumerate(decks) if len(deck.members) > deck.hand]
    held = [frozenset(index for hand in form for index in hand) for form in zip(*dealt, strict=True)]
    seen = Counter(held)
    twins = [form for form in range(len(held)) if seen[held[form]] > 1]
    enough = prod(comb(len(deck.members), deck.hand) for deck in decks) >= len(held)
    tries = _SWAPS_PER_TWIN * len(twins) if enough else 0
    while twins and tries:
        tries -= 1
        form = twins[-1]
        if seen[held[form]] == 1:
            twins.pop()
            continue
        other = _try_exchange(dealt[loose[stream.below(len(loose))]], held, seen, form, stream)
        if other is not None and seen[held[other]] > 1:
            twins.insert(0, other)


def _try_exchange(
    hands: list[Hand], held: list[frozenset[int]], seen: Counter[frozenset[int]], form: int, stream: Stream
) -> int | None:
    """Exchange one item of a form with another form, unless that makes more twins; return the other form if done."""
    other = stream.below(len(hands))
    given = sorted(set(hands[form]) - set(hands[other]))
    wanted = sorted(set(hands[other]) - set(hands[form]))
    if not given:
        return None
    out, into = given[stream.below(len(given))], wanted[stream.below(len(wanted))]
    before, after = (held[form], held[other]), (held[form] - {out} | {into}, held[other] - {into} | {out})
    kinds = len(seen)
    _recount(seen, before, after)
    if len(seen) < kinds:
        _recount(seen, after, before)
        return None
    held[form], held[other] = after
    hands[form] = tuple(into if index == out else index for index in hands[form])
    hands[other] = tuple(out if index == into else index for index in hands[other])
    return other


def _recount(seen: Counter[frozenset[int]], gone: Sequence[frozenset[int]], come: Sequence[frozenset[int]]) -> None:
    seen.update(come)
    for items in gone:
        seen[items] -= 1
        if not seen[items]:
            del seen[items]


def _lay_out(
    blueprint: Blueprint,
    items: Sequence[PoolItem],
    hands: Sequence[tuple[Deck, Hand]],
    stream: Stream,
    laid_out: set[tuple[str, ...]],
) -> tuple[AssemblySlot, ...]:
    """Order one form's items within their interaction groups, unlike every form before it, and then their options."""
    groups: Mapping[Interaction, list[tuple[int, Deck]]] = {interaction: [] for interaction in GROUP_ORDER}
    for deck, hand in hands:
        groups[blueprint.cells[deck.cell].interaction].extend((index, deck) for index in hand)
    for _ in range(_RESHUFFLES):
        order = [entry for group in groups.values() for entry in stream.shuffle(group)]
        signature = tuple(items[index].item_id for index, _ in order)
        if signature not in laid_out:
            break
    laid_out.add(signature)
    return tuple(
        _slot(number, items[index], deck, blueprint, stream) for number, (index, deck) in enumerate(order, start=1)
    )


def _slot(number: int, item: PoolItem, deck: Deck, blueprint: Blueprint, stream: Stream) -> AssemblySlot:
    order = range(item.options)
    return AssemblySlot(
        slot=number,
        item_id=item.item_id,
        version=item.version,
        interaction=item.interaction,
        difficulty=item.difficulty,
        marks=blueprint.cells[deck.cell].marks,
        cell=deck.cell,
        third=deck.third,
        option_order=tuple(stream.shuffle(order)) if item.interaction in _REORDERED else tuple(order),
    )
