"""Exchanging single items between dealt forms until no form breaks a constraint and no two hold the same items; pure.

An exchange stays within a deck, so that exposure does not change. It never makes anything worse: no form comes to hold two
items of a group, leaves the target of difficulty, becomes another's twin or comes to share a second item with a neighbour.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import comb, prod
from typing import Final

import numpy as np

from questionbank.blueprints.constraints import Target
from questionbank.forms.decks import Deck
from questionbank.forms.draw import Indexes, Stream, draw_words
from questionbank.forms.quotas import ConstraintUnmetError

_TRIES: Final = 400
"""Exchanges that are tried for one fault of one form."""
_CAREFUL: Final = 300
"""So many of them keep neighbours apart and difficulty where it is."""
_NEAR: Final = 5
"""Items whose difficulty differs by no more than this may take each other's place without a second look."""


Columns = Callable[[int], list[int]]
"""Names the columns of a form that are at fault."""


class Table:
    """Dealt forms in a row: `dealt` has one line of pool indexes per form, deck by deck.

    `groups` are sets of items of which a form holds one at most; `target` is the difficulty that every form must have;
    `most` is on how many forms an item may stand.
    """

    def __init__(
        self,
        decks: Sequence[Deck],
        dealt: Indexes,
        difficulty: Indexes,
        *,
        groups: Sequence[frozenset[int]],
        target: Target | None,
        most: int,
        seed: bytes,
        sitting: str,
    ) -> None:
        self.dealt = dealt
        self._decks = decks
        self._groups = groups
        self._target = target
        self._most = most
        self._difficulty = difficulty
        self._stream = Stream(seed, sitting, "exchange")
        edges = np.cumsum([0, *(deck.hand for deck in decks)]).tolist()
        self._columns = [range(start, end) for start, end in pairwise(edges)]
        self._loose = [
            column for deck, each in zip(decks, self._columns, strict=True) if deck.turned for column in each
        ]
        self._deck_of = [number for number, each in enumerate(self._columns) for _ in each]
        self._groups_of: dict[int, list[int]] = {}
        for number, group in enumerate(groups):
            for item in sorted(group):
                self._groups_of.setdefault(item, []).append(number)
        self._marks = draw_words(seed, sitting, "marks", count=len(difficulty))
        self._prints: list[int] = self._marks[dealt].sum(axis=1, dtype=np.uint64).tolist()
        self._seen = Counter(self._prints)
        self._held: dict[int, set[int]] = {}

    def settle(self) -> None:
        """Mend every fault; raises ConstraintUnmetError.

        Twins stay where the decks have fewer different forms than there are candidates.
        """
        for form in self._clashing():
            self._mend(form, self._clash_columns, self._is_clashing, "group")
        for form in self._off_target():
            self._mend(form, self._loose_columns, self._miss, "target")
        self._separate()

    def twins(self) -> list[list[int]]:
        """Return the forms that hold the same items, together."""
        alike: dict[int, list[int]] = {}
        for form, value in enumerate(self._prints):
            if self._seen[value] > 1:
                alike.setdefault(value, []).append(form)
        return list(alike.values())

    def _clashing(self) -> list[int]:
        """Return the forms that hold two items of a group."""
        if not self._groups:
            return []
        members = [(item, number) for item, numbers in sorted(self._groups_of.items()) for number in numbers]
        starts = np.zeros(len(self._difficulty) + 1, dtype=np.int64)
        np.add.at(starts, np.array([item + 1 for item, _ in members]), 1)
        starts = np.cumsum(starts)
        of_item = np.array([number for _, number in members], dtype=np.int64)
        counts = np.diff(starts)[self.dealt]
        keys = [
            np.nonzero(counts > turn)[0] * len(self._groups) + of_item[(starts[self.dealt[counts > turn]] + turn)]
            for turn in range(int(counts.max(initial=0)))
        ]
        found, times = np.unique(np.concatenate(keys), return_counts=True) if keys else (np.zeros(0), np.zeros(0))
        return sorted({int(key) // len(self._groups) for key in found[times > 1]})

    def _off_target(self) -> list[int]:
        if self._target is None:
            return []
        return [form for form in range(len(self.dealt)) if self._miss(form)]

    def _mend(self, form: int, columns: Columns, is_faulty: Callable[[int], object], constraint: str) -> None:
        """Exchange items of one form in the columns that may help, until it is sound."""
        for attempt in range(_TRIES):
            faulty = columns(form)
            if not faulty:
                break
            column = faulty[self._stream.below(len(faulty))]
            self._try_exchange(form, column, careful=attempt < _CAREFUL)
        if columns(form):
            self._replace(form, columns)
        # a deck that everybody gets whole has no column that may help, and may still be at fault
        if is_faulty(form):
            raise ConstraintUnmetError(constraint=constraint)

    def _is_clashing(self, form: int) -> bool:
        held = self._items(form)
        return any(self._clashes(item, held) for item in held)

    def _clash_columns(self, form: int) -> list[int]:
        """Return the columns whose item shares a group with another item of the form."""
        held = self._items(form)
        return [column for column in self._loose if self._clashes(int(self.dealt[form, column]), held)]

    def _loose_columns(self, form: int) -> list[int]:
        return self._loose if self._miss(form) else []

    def _clashes(self, item: int, held: set[int], gone: int = -1) -> bool:
        return any(
            other in held and other not in {item, gone}
            for number in self._groups_of.get(item, ())
            for other in self._groups[number]
        )

    def _items(self, form: int) -> set[int]:
        if form not in self._held:
            self._held[form] = set(self.dealt[form].tolist())
        return self._held[form]

    def _miss(self, form: int, out: int = -1, into: int = -1) -> int:
        """Return how far a form is from the target, with one item exchanged where two are given."""
        if self._target is None:
            return 0
        row = self._difficulty[self.dealt[form]].tolist()
        if out >= 0:
            row.remove(int(self._difficulty[out]))
            row.append(int(self._difficulty[into]))
        return self._target.miss(row)

    def _fits(self, form: int, out: int, into: int, *, careful: bool) -> bool:
        """Tell whether a form may take one item for another."""
        held = self._items(form)
        if into in held or self._clashes(into, held, out):
            return False
        if self._target is not None:
            before, after = self._miss(form), self._miss(form, out, into)
            if after > before or (careful and before and after == before):
                return False
        elif careful and abs(int(self._difficulty[out]) - int(self._difficulty[into])) > _NEAR:
            return False
        return not careful or all(self._stays_apart(held, other, out, into) for other in (form - 1, form + 1))

    def _stays_apart(self, held: set[int], other: int, out: int, into: int) -> bool:
        if not 0 <= other < len(self.dealt):
            return True
        beside = self._items(other)
        return into not in beside or out in beside or held.isdisjoint(beside)

    def _try_exchange(self, form: int, column: int, *, careful: bool) -> int | None:
        """Exchange an item with one of the same deck on any other form; return that form if it is done."""
        draw = self._stream.below
        other = draw(len(self.dealt))
        columns = self._columns[self._deck_of[column]]
        place = columns[draw(len(columns))]
        out, into = int(self.dealt[form, column]), int(self.dealt[other, place])
        if other == form or out in self._items(other):
            return None
        if not (self._fits(form, out, into, careful=careful) and self._fits(other, into, out, careful=careful)):
            return None
        change = int(self._marks[into]) - int(self._marks[out])
        prints = {form: self._prints[form] + change, other: self._prints[other] - change}
        if not self._recount(prints):
            return None
        self._put(form, column, into)
        self._put(other, place, out)
        return other

    def _recount(self, prints: dict[int, int]) -> bool:
        """Take on new prints of forms, unless that makes more twins."""
        fresh = {form: value % (1 << 64) for form, value in prints.items()}
        kinds = len(self._seen)
        self._count([self._prints[form] for form in fresh], list(fresh.values()))
        if len(self._seen) < kinds:
            self._count(list(fresh.values()), [self._prints[form] for form in fresh])
            return False
        for form, value in fresh.items():
            self._prints[form] = value
        return True

    def _count(self, gone: Sequence[int], come: Sequence[int]) -> None:
        self._seen.update(come)
        for value in gone:
            self._seen[value] -= 1
            if not self._seen[value]:
                del self._seen[value]

    def _put(self, form: int, column: int, item: int) -> None:
        held = self._items(form)
        held.discard(int(self.dealt[form, column]))
        held.add(item)
        self.dealt[form, column] = item

    def _replace(self, form: int, columns: Columns) -> None:
        """Take items that nobody gives away, the least used first; exposure differs by more than one then, within `most`."""
        for careful in (True, False):
            for column in columns(form):
                out = int(self.dealt[form, column])
                deck = self._deck_of[column]
                held, used = self._columns[deck], self._decks[deck].members
                uses = Counter(self.dealt[:, held.start : held.stop].reshape(-1).tolist())
                spare = [item for item in used.tolist() if uses[item] < self._most]
                for into in sorted(spare, key=lambda item: (uses[item], item)):
                    change = int(self._marks[into]) - int(self._marks[out])
                    fits = self._fits(form, out, into, careful=careful)
                    if fits and self._recount({form: self._prints[form] + change}):
                        self._put(form, column, into)
                        break
            if not columns(form):
                return

    def _separate(self) -> None:
        """Exchange items of twins; a plateau is crossed by exchanges that make no more of them."""
        twins = [form for form, value in enumerate(self._prints) if self._seen[value] > 1]
        enough = prod(comb(len(deck.members), deck.hand) for deck in self._decks) >= len(self.dealt)
        tries = _TRIES * len(twins) if enough and self._loose else 0
        for attempt in range(tries):
            if not twins:
                return
            form = twins[-1]
            if self._seen[self._prints[form]] == 1:
                twins.pop()
                continue
            column = self._loose[self._stream.below(len(self._loose))]
            other = self._try_exchange(form, column, careful=attempt < tries // 2)
            if other is not None and self._seen[self._prints[other]] > 1:
                twins.insert(0, other)
