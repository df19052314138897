"""组卷: deals a frozen pool into one form per candidate, reproducibly from a committed seed.

The decks of the blueprint are dealt in whole arrays (`dealing`), faults are mended by exchanges (`exchange`), and a form is
laid out, its items and options put in order, when it is asked for.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import msgspec
import numpy as np

from exam.core.errors import DomainError
from questionbank.blueprints.cells import Blueprint, PoolItem
from questionbank.blueprints.feasibility import exclusive_groups
from questionbank.forms.canonical import digest, digest_of
from questionbank.forms.dealing import deal_decks
from questionbank.forms.decks import Deck, build_decks, difficulties
from questionbank.forms.draw import ALGORITHM, Indexes, draw_words, order_words
from questionbank.forms.exchange import Table
from questionbank.interactions.registry import KINDS
from questionbank.items.content import Interaction

GROUP_ORDER = tuple(KINDS)
"""Order of the interaction groups on a form."""

MIN_SEED_BYTES = 16

_RESHUFFLES = 50


class AssemblyInputError(DomainError):
    """The seed is too short, or a candidate key or an item stands twice in the input."""

    code = "assembly_input"
    message = "组卷输入有误:{reason}"


class AssemblySlot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One drawn item: `slot` from 1, `marks` in hundredths, `cell` the index in the blueprint, `part` its deck in it.

    `option_order` gives the original index of each displayed option; it is empty where the interaction has none.
    """

    slot: int
    item_id: str
    version: str
    interaction: Interaction
    difficulty: int
    marks: int
    cell: int
    part: int
    option_order: tuple[int, ...]


class Assembly(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The draw of one form for one key; it belongs to the sealed part of a sitting."""

    key: str
    algorithm: str
    slots: tuple[AssemblySlot, ...]


class Deal(Sequence[Assembly]):
    """The forms of one deal in the order of their keys; each is laid out when it is asked for.

    `dealt` holds the pool index of every item, shape (forms, items), deck by deck; `twins` the places of equal rows.
    """

    def __init__(
        self,
        blueprint: Blueprint,
        items: Sequence[PoolItem],
        decks: Sequence[Deck],
        dealt: Indexes,
        twins: Iterable[Sequence[int]],
        *,
        keys: Sequence[str],
        seed: bytes,
        sitting: str,
    ) -> None:
        self.dealt = dealt
        self.decks = tuple(decks)
        self.keys = tuple(keys)
        self._blueprint = blueprint
        self._items = items
        self._source = (seed, sitting)
        columns = [number for number, deck in enumerate(decks) for _ in range(deck.hand)]
        kinds = [blueprint.cells[decks[number].cell].interaction for number in columns]
        self._columns = columns
        self._groups = [
            np.array([column for column, kind in enumerate(kinds) if kind is each], dtype=np.int64)
            for each in GROUP_ORDER
        ]
        self._repeats = self._find_repeats(twins)

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, place: int) -> Assembly: ...
    @overload
    def __getitem__(self, place: slice) -> list[Assembly]: ...
    def __getitem__(self, place: int | slice) -> Assembly | list[Assembly]:
        if isinstance(place, slice):
            return [self._lay_out(each) for each in range(len(self))[place]]
        return self._lay_out(range(len(self))[place])

    def __iter__(self) -> Iterator[Assembly]:
        return map(self._lay_out, range(len(self)))

    def _find_repeats(self, twins: Iterable[Sequence[int]]) -> dict[int, int]:
        """Return for forms of equal items which shuffle makes their order unlike all before, as far as there are any."""
        repeats = {}
        for forms in twins:
            orders: set[tuple[int, ...]] = set()
            for place in forms:
                for shuffle in range(_RESHUFFLES):
                    repeats[place] = shuffle
                    order = tuple(self.dealt[place, self._order(place, shuffle)].tolist())
                    if order not in orders:
                        break
                orders.add(order)
        return repeats

    def _order(self, place: int, shuffle: int) -> Indexes:
        """Return the columns of a form in the order of its slots: by interaction, then by chance."""
        seed, sitting = self._source
        words = draw_words(seed, sitting, "order", self.keys[place], str(shuffle), count=len(self._columns))
        starts = np.cumsum([0, *(len(group) for group in self._groups)]).tolist()
        return np.concatenate(
            [
                group[order_words(words[start : start + len(group)])]
                for group, start in zip(self._groups, starts, strict=False)
            ]
        )

    def _lay_out(self, place: int) -> Assembly:
        columns = self._order(place, self._repeats.get(place, 0))
        drawn = [self._items[index] for index in self.dealt[place, columns].tolist()]
        options = self._option_orders(place, [item.options for item in drawn])
        slots = tuple(
            self._slot(number, item, self.decks[self._columns[column]], order)
            for number, (item, column, order) in enumerate(zip(drawn, columns.tolist(), options, strict=True), start=1)
        )
        return Assembly(key=self.keys[place], algorithm=ALGORITHM, slots=slots)

    def _option_orders(self, place: int, counts: Sequence[int]) -> list[tuple[int, ...]]:
        """Return an order for each slot: as many words as the widest item has options, of which the first ones count."""
        seed, sitting = self._source
        widest = max(counts, default=0)
        if not widest:
            return [()] * len(counts)
        words = draw_words(seed, sitting, "options", self.keys[place], count=widest * len(counts))
        orders = {
            count: order_words(words.reshape(len(counts), widest)[:, :count]).tolist() for count in set(counts) - {0}
        }
        return [tuple(orders[count][row]) if count else () for row, count in enumerate(counts)]

    def _slot(self, number: int, item: PoolItem, deck: Deck, order: tuple[int, ...]) -> AssemblySlot:
        return AssemblySlot(
            slot=number,
            item_id=item.item_id,
            version=item.version,
            interaction=item.interaction,
            difficulty=item.difficulty,
            marks=self._blueprint.cells[deck.cell].marks,
            cell=deck.cell,
            part=deck.part,
            option_order=order if KINDS[item.interaction].reordered else tuple(range(item.options)),
        )


def assemble(blueprint: Blueprint, pool: Sequence[PoolItem], *, seed: bytes, sitting: str, keys: Sequence[str]) -> Deal:
    """Return one assembly per key, in the order of `keys`, which is that of the seats.

    The outcome depends on the seed, the sitting, the blueprint, the pool as a set and the keys, and on nothing else.
    Forms have pairwise distinct item sets when the decks allow, and otherwise distinct orders as far as there are any.
    Two neighbours of the order share as few items as the decks allow (`deal_decks`), one more where twins or constraints
    had to be resolved. Raises `AssemblyInputError`, `BlueprintInfeasibleError` and `ConstraintUnmetError`.
    """
    require_sound_input(pool, seed, keys)
    items = sorted(pool, key=lambda item: item.item_id)
    decks = build_decks(blueprint, items, seed=seed, sitting=sitting)
    difficulty = difficulties(items)
    hands = deal_decks(decks, len(keys), difficulty, seed=seed, sitting=sitting)
    table = Table(
        decks,
        np.concatenate(hands, axis=1),
        difficulty,
        groups=exclusive_groups(blueprint, items),
        target=blueprint.target,
        most=-(-len(keys) * (blueprint.exposure or 100) // 100),
        seed=seed,
        sitting=sitting,
    )
    table.settle()
    return Deal(blueprint, items, decks, table.dealt, table.twins(), keys=keys, seed=seed, sitting=sitting)


def pool_digest(pool: Sequence[PoolItem]) -> str:
    """Return the digest that freezes a pool, whatever the order it is listed in."""
    return digest(sorted(pool, key=lambda item: item.item_id))


def blueprint_digest(blueprint: Blueprint) -> str:
    """Return the digest of a blueprint."""
    return digest(blueprint)


def seed_commitment(seed: bytes, sitting: str) -> str:
    """Return what is published before the draw: it binds the seed to the sitting and reveals nothing of a random seed."""
    return digest_of(b"\x00".join((b"ankao-seed-1", sitting.encode(), seed)))


def require_sound_input(pool: Sequence[PoolItem], seed: bytes, keys: Sequence[str]) -> None:
    """Raise AssemblyInputError for a short seed and for an item or a key that comes twice."""
    if len(seed) < MIN_SEED_BYTES:
        raise AssemblyInputError(reason="种子过短")
    if len(set(keys)) < len(keys):
        raise AssemblyInputError(reason="考生重复")
    if len({item.item_id for item in pool}) < len(pool):
        raise AssemblyInputError(reason="试题重复")
