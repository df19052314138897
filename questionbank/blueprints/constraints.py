"""What a blueprint asks of a form as a whole, beyond its cells; pure."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Final

import msgspec

_ROUNDING: Final = 1e-9
"""Of means that stand exactly on a bound."""

Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]
Within = Annotated[int, msgspec.Meta(ge=1, le=100)]


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The difficulty that every form must have, in per cent of wrong answers.

    The mean lies within `mean_within` of `mean`. The spread is the root of the mean square distance of the items'
    difficulties from `mean`; where one is asked for it lies within `spread_within` of it.
    """

    mean: Percent
    mean_within: Within = 2
    spread: Percent | None = None
    spread_within: Within = 3

    def bounds(self, count: int) -> tuple[int, int]:
        """Return the least and the greatest sum of the difficulties of `count` items."""
        return count * (self.mean - self.mean_within), count * (self.mean + self.mean_within)

    def square_bounds(self, count: int) -> tuple[int, int] | None:
        """Return the least and the greatest sum of squared distances of `count` items, None where all will do."""
        if self.spread is None:
            return None
        low, high = max(0, self.spread - self.spread_within), self.spread + self.spread_within
        return count * low * low, count * high * high

    def met_by(self, mean: float, spread: float) -> bool:
        """Tell whether a form of this mean and spread is within the tolerance."""
        near = abs(mean - self.mean) <= self.mean_within + _ROUNDING
        return near and (self.spread is None or abs(spread - self.spread) <= self.spread_within + _ROUNDING)

    def miss(self, difficulties: Sequence[int]) -> int:
        """Return by how much the items of a form are off the target, in sums and squares; 0 within the tolerance."""
        count = len(difficulties)
        off = _outside(sum(difficulties), self.bounds(count)) * 100
        squares = self.square_bounds(count)
        if squares is not None:
            off += _outside(sum((each - self.mean) ** 2 for each in difficulties), squares)
        return off


class Reliability(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reliability that every form is predicted to have, in hundredths: `least`, or at most `within` below it."""

    least: Percent
    within: Within = 5

    def met_by(self, predicted: float) -> bool:
        """Tell whether a reliability from 0 to 1 will do."""
        return predicted * 100 >= self.least - self.within


class Fresh(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each form holds `least` to `most` items that were first published on `since` or later."""

    since: date
    least: Annotated[int, msgspec.Meta(ge=0, le=500)]
    most: Annotated[int, msgspec.Meta(ge=0, le=500)] = 500

    def __post_init__(self) -> None:
        if self.least > self.most:
            message = "fresh: least is above most"
            raise ValueError(message)

    def counts(self, since: date | None) -> bool:
        """Tell whether an item first published on a day is new."""
        return since is not None and since >= self.since


def _outside(value: int, bounds: tuple[int, int]) -> int:
    low, high = bounds
    return max(0, low - value, value - high)
