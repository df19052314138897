"""How ready a learner is, by node of the syllabus: a shrunk share of right answers with its uncertainty; pure.

A node's share of right answers has a beta distribution before anything was answered on it: its mean is the learner's
share over all nodes, its weight that of a few answers. What was answered on the node moves and narrows it (the
beta-binomial model of a person's parts: Lord & Novick 1968, ch. 23). So three right answers of three do not yet say
that a node is known, and a node that was never practised is as uncertain as it should be.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from math import exp, lgamma, log

import msgspec

PRIOR_ANSWERS = 4.0
"""How many answers the learner's overall share weighs on a node."""
TAIL = 0.1
"""What lies outside the interval on each side."""
LEAST_ANSWERS = 3
"""Below so many answers nothing is said of a node."""

_HALVINGS = 40
_TERMS = 300
_TINY = 1e-300


class Level(StrEnum):
    """What the estimate allows to say of a node."""

    UNKNOWN = "unknown"
    WEAK = "weak"
    UNSURE = "unsure"
    READY = "ready"


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A share of right answers, 0–1, with the interval that holds it with 80 % probability."""

    mean: float
    low: float
    high: float
    right: int
    answers: int

    def level(self, wanted: float) -> Level:
        """Tell what may be said against a wanted share, that of the pass mark."""
        if self.answers < LEAST_ANSWERS:
            return Level.UNKNOWN
        if self.high < wanted:
            return Level.WEAK
        return Level.READY if self.low >= wanted else Level.UNSURE


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """The whole and every node; `nodes` is by code, a node's answers being those of its subtree."""

    overall: Estimate
    nodes: Mapping[str, Estimate]


def readiness_of(answers: Iterable[tuple[str, bool]], nodes: Sequence[str]) -> Readiness:
    """Return the estimates from (node, right?) of each item's newest answer; what no node holds counts overall."""
    listed = list(answers)
    right = sum(is_right for _, is_right in listed)
    overall = estimate(right, len(listed), prior_mean=0.5, prior_answers=2.0)
    found = {}
    for code in nodes:
        here = [is_right for node, is_right in listed if node == code or node.startswith(f"{code}.")]
        found[code] = estimate(sum(here), len(here), prior_mean=overall.mean, prior_answers=PRIOR_ANSWERS)
    return Readiness(overall=overall, nodes=found)


def estimate(right: int, answers: int, *, prior_mean: float, prior_answers: float) -> Estimate:
    """Return the posterior of a share after `right` of `answers`, for a prior mean strictly between 0 and 1."""
    a = prior_mean * prior_answers + right
    b = (1 - prior_mean) * prior_answers + answers - right
    return Estimate(
        mean=a / (a + b),
        low=beta_quantile(TAIL, a, b),
        high=beta_quantile(1 - TAIL, a, b),
        right=right,
        answers=answers,
    )


def rank_reading(estimates: Mapping[str, Estimate], weights: Mapping[str, int]) -> list[str]:
    """Return nodes by the marks that are at stake, most first: the node's weight times the share not yet known."""
    at_stake = {code: weights.get(code, 0) * (1 - each.mean) for code, each in estimates.items()}
    return sorted((code for code, stake in at_stake.items() if stake > 0), key=lambda code: (-at_stake[code], code))


def beta_quantile(share: float, a: float, b: float) -> float:
    """Return the point below which `share` of the beta distribution lies, by halving."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if beta_cdf(middle, a, b) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta_cdf(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b) for 0 ≤ x ≤ 1 (DLMF 8.17.22, Lentz's method)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _kept(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _kept(1 + term * d)
            c = _kept(1 + term / c)
            value *= d * c
        if abs(d * c - 1) < 1e-12:  # noqa: PLR2004 - far below what a page shows
            break
    return value


def _kept(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
