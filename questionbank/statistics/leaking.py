"""When an item becomes easier than its candidates explain: a hint for people, never a verdict (pure).

The share of marks now is compared with what the earlier share leads one to expect: had the candidates of now done better
on everything, the item would be expected to be easier by as much. The distance is taken in standard errors of the
difference of two proportions (pooled), as in R. L. Brennan (ed.), Educational Measurement, on comparability of groups.
"""

from math import sqrt

import msgspec

from questionbank.statistics.figures import Sums

ENOUGH_BEFORE, ENOUGH_NOW = 50, 20
"""Answers before and now below which nothing is said."""
LEAST_RISE = 0.15
"""A rise of fewer points is not worth anybody's time, however sure it is."""
LEAST_ERRORS = 3.5
"""Standard errors of the rise: by chance one comparison in four thousand goes so far."""
WINDOW_DAYS = 30
"""What counts as now."""


class Jump(msgspec.Struct, frozen=True, kw_only=True):
    """A rise that candidates do not explain, in per cent."""

    asked_before: int
    percent_before: int
    percent_expected: int
    asked_now: int
    percent_now: int


def find_jump(before: Sums, now: Sums) -> Jump | None:
    """Return the jump between two sets of answers, or None where there is none or too little is known."""
    if before.asked < ENOUGH_BEFORE or now.asked < ENOUGH_NOW:
        return None
    was, then = (before.facility or 0.0), (now.facility or 0.0)
    expected = min(max(was + (now.ability or 0.0) - (before.ability or 0.0), 0.0), 1.0)
    pooled = (was * before.asked + then * now.asked) / (before.asked + now.asked)
    error = sqrt(pooled * (1 - pooled) * (1 / before.asked + 1 / now.asked))
    rise = then - expected
    if rise < LEAST_RISE or rise < LEAST_ERRORS * error:
        return None
    return Jump(
        asked_before=before.asked,
        percent_before=round(was * 100),
        percent_expected=round(expected * 100),
        asked_now=now.asked,
        percent_now=round(then * 100),
    )
