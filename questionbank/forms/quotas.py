"""How many items of each deck a form gets, where the blueprint binds the form as a whole; pure."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from exam.core.errors import ConflictError
from questionbank.blueprints.constraints import Fresh, Target

SCALE = 1_000
"""Means are told in so many parts."""
_MOVES = 2_000


class ConstraintUnmetError(ConflictError):
    """Dealing cannot keep a constraint; `constraint` is group, fresh, target or exposure."""

    code = "constraint_unmet"
    message = "题库余量不足,无法使每份试卷都满足互斥、近似题、新题、难度或最大曝光的约束。请补充试题或放宽约束。"


class Supply(NamedTuple):
    """A deck to take from: its stratum, its size, the means of its difficulty and squared distance, in thousandths."""

    stratum: tuple[int, int]
    size: int
    mean: int
    square: int


def share_fresh(counts: Sequence[int], sizes: Sequence[tuple[int, int]], fresh: Fresh) -> list[int]:
    """Return how many of each cell's `counts` items are new; `sizes` holds the new and the older items of each.

    Each cell gives in proportion to what it has; where that is too few or too many, the cell that can give or spare most
    goes first. Raises ConstraintUnmetError.
    """
    quotas = [
        max(count - old, min(new, (2 * count * new + new + old) // (2 * (new + old))))
        for count, (new, old) in zip(counts, sizes, strict=True)
    ]
    while sum(quotas) < fresh.least:
        able = [each for each, quota in enumerate(quotas) if quota < min(counts[each], sizes[each][0])]
        if not able:
            raise ConstraintUnmetError(constraint="fresh")
        quotas[max(able, key=lambda each: (sizes[each][0] * SCALE // (quotas[each] + 1), -each))] += 1
    while sum(quotas) > fresh.most:
        able = [each for each, quota in enumerate(quotas) if quota > max(0, counts[each] - sizes[each][1])]
        if not able:
            raise ConstraintUnmetError(constraint="fresh")
        quotas[max(able, key=lambda each: (sizes[each][1] * SCALE // (counts[each] - quotas[each] + 1), -each))] -= 1
    return quotas


def aim_hands(supplies: Sequence[Supply], hands: Sequence[int], target: Target) -> list[int]:
    """Return hands whose expected form is within half the tolerance of the target, so that every form can be within all.

    Single items are moved from `hands` between the decks of a stratum, each time where it leads nearest. Raises
    ConstraintUnmetError where no move leads nearer and the whole tolerance is not met.
    """
    aimed = list(hands)
    for _ in range(_MOVES):
        now = _off(supplies, aimed, target, 1)
        if not now:
            return aimed
        moves = _moves(supplies, aimed)
        best = min(((_off(supplies, each, target, 1), each) for each in moves), default=(now, aimed))
        if best[0] >= now:
            break
        aimed = best[1]
    if _off(supplies, aimed, target, 2):
        raise ConstraintUnmetError(constraint="target")
    return aimed


def _moves(supplies: Sequence[Supply], hands: Sequence[int]) -> Iterator[list[int]]:
    for giver, one in enumerate(supplies):
        for taker, other in enumerate(supplies):
            if giver != taker and one.stratum == other.stratum and hands[giver] and hands[taker] < other.size:
                moved = list(hands)
                moved[giver] -= 1
                moved[taker] += 1
                yield moved


def _off(supplies: Sequence[Supply], hands: Sequence[int], target: Target, halves: int) -> int:
    """Return how far the expected form is outside so many halves of the tolerance, in thousandths of sums."""
    count = sum(hands)
    mean = sum(supply.mean * hand for supply, hand in zip(supplies, hands, strict=True))
    slack = halves * target.mean_within * SCALE // 2
    off = max(0, abs(mean - count * target.mean * SCALE) - count * slack) * 100
    if target.spread is None:
        return off
    square = sum(supply.square * hand for supply, hand in zip(supplies, hands, strict=True))
    low, high = (max(0, 2 * target.spread + sign * halves * target.spread_within) for sign in (-1, 1))
    quarter = count * SCALE // 4
    return off + max(0, low * low * quarter - square, square - high * high * quarter)
