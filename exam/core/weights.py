"""What each answer adds to a score, and the bounds of the sum (QTI mapping and areaMapping), in whole hundredths; pure."""

from collections.abc import Iterable

import msgspec


class Weights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """按答案给分: `entries` are label and hundredths, `others` is what any other answer adds.

    The sum is never less than `lowest` nor more than `highest`, which is None where nothing bounds it.
    """

    entries: tuple[tuple[str, int], ...]
    others: int = 0
    lowest: int = 0
    highest: int | None = None

    def total(self, labels: Iterable[str]) -> int:
        """Return the bounded sum of answers."""
        worth = dict(self.entries)
        added = max(self.lowest, sum(worth.get(label, self.others) for label in labels))
        return added if self.highest is None else min(self.highest, added)

    def named(self, names: dict[str, str]) -> "Weights":
        """Return the same weights by other labels; raises KeyError where one has no other name."""
        return msgspec.structs.replace(self, entries=tuple((names[label], worth) for label, worth in self.entries))
