"""Figures of an item from sums that add up over sittings, centres and months (pure)."""

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Self

import msgspec

FULL, WHOLE = 100, 10_000
"""A slot's full marks in per cent, and all marks of the rest of a form in basis points."""
ENOUGH = 30
"""Answers below which a correlation is noise and is not told."""


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over candidates: x is the share of the item's marks that each earned, in per cent, r that of the rest, 1/10,000.

    `seen` counts forms in which the item stood before somebody who began, `asked` those of them that were scored, `correct`
    full answers, `blank` none; `earned` is Σx, `earned_squares` Σx², `rest` Σr, `rest_squares` Σr², `products` Σxr.
    `choices` counts each option by the author's label.
    """

    seen: int = 0
    asked: int = 0
    correct: int = 0
    blank: int = 0
    earned: int = 0
    earned_squares: int = 0
    rest: int = 0
    rest_squares: int = 0
    products: int = 0
    choices: Mapping[str, int] = {}

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """Add up; without parts everything is zero."""
        sums: dict[str, int] = {}
        choices: dict[str, int] = {}
        for part in parts:
            for name in _COUNTED:
                sums[name] = sums.get(name, 0) + getattr(part, name)
            for label, count in part.choices.items():
                choices[label] = choices.get(label, 0) + count
        return cls(**sums, choices=choices)

    @property
    def facility(self) -> float | None:
        """Mean share of the marks, 0 to 1: the share of right answers where marks are all or nothing (难度系数 P)."""
        return self.earned / self.asked / FULL if self.asked else None

    @property
    def ability(self) -> float | None:
        """Mean share of the other marks of the same candidates, 0 to 1."""
        return self.rest / self.asked / WHOLE if self.asked else None

    @property
    def discrimination(self) -> float | None:
        """Correlation of the item with the rest of the form (区分度), None where it says nothing.

        The item's own marks are left out of the rest, for an item always agrees with itself.
        """
        n = self.asked
        spread = (n * self.earned_squares - self.earned**2) * (n * self.rest_squares - self.rest**2)
        return (n * self.products - self.earned * self.rest) / sqrt(spread) if n >= ENOUGH and spread > 0 else None


_COUNTED = tuple(name for name in Sums.__struct_fields__ if name != "choices")
