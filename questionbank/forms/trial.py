"""Dealing on trial: what the forms of a blueprint would be like, told before it is published; pure."""

import secrets
from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from typing import Final, Self

import msgspec

from questionbank.blueprints.cells import Blueprint, PoolItem
from questionbank.blueprints.constraints import Reliability, Target
from questionbank.blueprints.feasibility import find_obstacle
from questionbank.forms.assembly import Assembly, assemble
from questionbank.forms.errors import TargetMissedError, infeasible
from questionbank.forms.parallel import assemble_parallel, choose_parallel

TRIAL_FORMS: Final = 40

DISCRIMINATION: Final = 0.30
"""Correlation of an item with the whole form, assumed: the bank keeps none of its own yet."""


class Predicted(msgspec.Struct, frozen=True, kw_only=True):
    """What one form promises: mean difficulty and spread in per cent of wrong answers, reliability from 0 to 1."""

    mean: float
    spread: float
    reliability: float
    on_target: bool = True
    """Whether difficulty and spread are within the tolerance of the blueprint's target."""
    reliable: bool = True
    """Whether the reliability is."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """The forms of a trial, and the most items that two neighbours share."""

    forms: tuple[Predicted, ...]
    shared_most: int

    @property
    def within(self) -> int:
        """How many forms are within every tolerance."""
        return sum(form.on_target and form.reliable for form in self.forms)

    def span(self, name: str) -> tuple[float, float]:
        """Return the least and the greatest of a figure over all forms."""
        values = [float(getattr(form, name)) for form in self.forms]
        return min(values), max(values)


class TrialReport(msgspec.Struct, frozen=True, kw_only=True):
    """A trial against the targets of its blueprint: how many forms there are, how many are within, and each."""

    target: Target | None
    reliability: Reliability | None
    within: int
    shared_most: int
    forms: tuple[Predicted, ...]

    @classmethod
    def of(cls, blueprint: Blueprint, trial: Trial) -> Self:
        """Return the report."""
        return cls(
            target=blueprint.target,
            reliability=blueprint.reliability or None,
            within=trial.within,
            shared_most=trial.shared_most,
            forms=trial.forms,
        )


def require_dealable(blueprint: Blueprint, pool: Sequence[PoolItem]) -> Trial:
    """Deal some forms on trial and refuse a blueprint of which one is predicted to miss the targets.

    Raises as `deal_trial`, and TargetMissedError.
    """
    trial = deal_trial(blueprint, pool)
    if trial.within < len(trial.forms):
        raise TargetMissedError(missed=len(trial.forms) - trial.within, forms=len(trial.forms))
    return trial


def deal_trial(blueprint: Blueprint, pool: Sequence[PoolItem]) -> Trial:
    """Prove that a form exists and deal some on trial.

    Raises the error of the obstacle (`forms.errors.infeasible`), or ConstraintUnmetError where forms exist but cannot be
    dealt to many.
    """
    obstacle = find_obstacle(blueprint, pool)
    if obstacle is not None:
        raise infeasible(obstacle)
    forms = _deal(blueprint, pool, secrets.token_bytes(32))
    sets = [{slot.item_id for slot in form.slots} for form in forms]
    shared = max((len(one & other) for one, other in pairwise(sets)), default=0)
    return Trial(forms=tuple(predict(blueprint, form) for form in forms), shared_most=shared)


def _deal(blueprint: Blueprint, pool: Sequence[PoolItem], seed: bytes) -> list[Assembly]:
    keys = [str(number) for number in range(blueprint.parallel or TRIAL_FORMS)]
    if not blueprint.parallel:
        return list(assemble(blueprint, pool, seed=seed, sitting="trial", keys=keys))
    choice = choose_parallel(blueprint, pool, seed=seed, sitting="trial")
    return list(assemble_parallel(blueprint, pool, choice, seed=seed, sitting="trial", keys=keys))


def predict(blueprint: Blueprint, form: Assembly) -> Predicted:
    """Return what is expected of a form.

    The reliability is Kuder and Richardson's formula 20 with the variance of the whole from the items' own (Gulliksen,
    Theory of Mental Tests, 1950, ch. 21): the spread of the sum is the sum of the items' spreads, each weighed by its
    correlation with the whole.
    """
    difficulties = [slot.difficulty for slot in form.slots]
    count = len(difficulties)
    mean = sum(difficulties) / count
    middle = blueprint.target.mean if blueprint.target else mean
    variances = [each / 100 * (1 - each / 100) for each in difficulties]
    whole = (DISCRIMINATION * sum(map(sqrt, variances))) ** 2
    reliability = count / (count - 1) * (1 - sum(variances) / whole) if count > 1 and whole else 0.0
    spread, reliability = sqrt(sum((each - middle) ** 2 for each in difficulties) / count), max(0.0, reliability)
    return Predicted(
        mean=mean,
        spread=spread,
        reliability=reliability,
        on_target=blueprint.target is None or blueprint.target.met_by(mean, spread),
        reliable=not blueprint.reliability or blueprint.reliability.met_by(reliability),
    )
