"""`ankao bench grading`: 10,000 attempts of 100 items scored by the product, beside one comparison of arrays by numpy."""

import time
from random import Random

import numpy as np

from exam.cli.bench.machine import describe_machine
from exam.cli.bench.report import Figure, Report
from grading.api import score_attempt
from questionbank.api import Interaction, ScoringForm, ScoringSlot

FORMS, SLOTS = 100, 100
MARKS = 100
JUDGED, CHOSEN = 60, 90
"""Slots up to the first are judgements, up to the second single choice, the rest multiple choice with half credit."""
SEED = 1


def bench_grading(*, attempts: int) -> Report:
    """Score `attempts` answer sheets over forms that differ, in one thread."""
    machine, random = describe_machine(), Random(SEED)
    forms = [_form(random) for _ in range(FORMS)]
    sheets = [(forms[number % FORMS], _answers(random)) for number in range(attempts)]
    before = time.process_time()
    marks = [score_attempt(form, answers).marks for form, answers in sheets]
    ours = time.process_time() - before
    bare = _bare(attempts)
    figures = {
        "scored": Figure(attempts, "1"),
        "scoring_cpu": Figure(ours, "s"),
        "attempt_scoring_cpu": Figure(ours / attempts * 1000, "ms"),
        "numpy_cpu": Figure(bare, "s"),
        "mean_marks": Figure(sum(marks) / attempts / MARKS, "1"),
    }
    return Report("grading", figures, {"scoring_cpu_over_numpy_cpu": ours / bare}, machine)


def _form(random: Random) -> ScoringForm:
    return ScoringForm(algorithm="bench", slots=tuple(_slot(number, random) for number in range(1, SLOTS + 1)))


def _slot(number: int, random: Random) -> ScoringSlot:
    if number <= JUDGED:
        interaction, rule, labels, keys = Interaction.JUDGEMENT, "exact", "TF", 1
    elif number <= CHOSEN:
        interaction, rule, labels, keys = Interaction.CHOICE, "exact", "ABCD", 1
    else:
        interaction, rule, labels, keys = Interaction.MULTIPLE, "partial_missing", "ABCDE", 3
    return ScoringSlot(
        slot=number,
        item_id=str(random.getrandbits(64)),
        version="",
        interaction=interaction,
        rule=rule,
        key=tuple(sorted(random.sample(labels, keys))),
        accepted=(),
        option_map=tuple((label, label) for label in labels),
        options=len(labels),
        marks=MARKS,
    )


def _answers(random: Random) -> dict[int, tuple[str, ...]]:
    return {number: _answer(number, random) for number in range(1, SLOTS + 1)}


def _answer(number: int, random: Random) -> tuple[str, ...]:
    if number <= JUDGED:
        return (random.choice("TF"),)
    if number <= CHOSEN:
        return (random.choice("ABCD"),)
    return tuple(sorted(random.sample("ABCDE", random.choice((2, 3)))))


def _bare(attempts: int) -> float:
    """Return the processor seconds of comparing as many single choices with their keys and summing them."""
    generator = np.random.default_rng(SEED)
    keys = generator.integers(0, 4, (attempts, SLOTS), dtype=np.int8)
    given = generator.integers(0, 4, (attempts, SLOTS), dtype=np.int8)
    rounds = 20
    before = time.process_time()
    for _ in range(rounds):
        (keys == given).sum(axis=1)
    return (time.process_time() - before) / rounds
