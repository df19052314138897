"""`ankao bench assembly`: forms dealt from a large pool, beside a plain random draw of the same blueprint."""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from random import Random
from statistics import mean, pstdev

import msgspec

from exam.cli.bench.machine import describe_machine
from exam.cli.bench.report import Figure, Report
from questionbank.api import (
    Assembly,
    Blueprint,
    Cell,
    Interaction,
    PoolItem,
    Predicted,
    assemble,
    assemble_parallel,
    choose_parallel,
    predict,
)

CELLS, PER_CELL = 20, 5
POOL = 20_000
LIMIT_S, CONSTRAINED_LIMIT_S = 0.25, 1.0
ENEMY_PAIRS, FAMILIES, IN_FAMILY = 500, 1000, 0.15
SPREAD_LIMIT = 1 / 5
PARALLEL_FORMS, PARALLEL_POOL, PARALLEL_PAIRS, PARALLEL_LIMIT_S = 6, 1200, 60, 5.0
SEED = 1


def bench_assembly(*, forms: int) -> Report:
    """Deal `forms` forms of 100 items from 20,000 over 20 cells, each cut into thirds by difficulty, in one thread."""
    machine = describe_machine()
    blueprint, pool = _blueprint(), _pool()
    deal, ours = _time_deal(blueprint, pool, forms)
    bound, bound_s = _time_deal(*_bound(blueprint, pool), forms)
    before = time.process_time()
    dealt = list(deal)
    laid_out = time.process_time() - before
    before = time.process_time()
    plain = _plain(pool, forms)
    random_s = time.process_time() - before
    spread, plain_spread = _spread([[slot.difficulty for slot in form.slots] for form in dealt]), _spread(plain)
    shared, bound_forms = _shared(dealt), list(bound)
    alike, parallel_cpu, parallel_wall = _parallel(blueprint, pool)
    figures = {
        "forms": Figure(forms, "1"),
        "distinct_forms": Figure(len({_items(form) for form in dealt}), "1"),
        "assembly_cpu": Figure(ours, "s"),
        "constrained_cpu": Figure(bound_s, "s"),
        "laid_out_cpu": Figure(laid_out, "s"),
        "plain_random_cpu": Figure(random_s, "s"),
        "exposure_spread": Figure(_exposure_spread(dealt), "1"),
        "difficulty_spread": Figure(spread, "%"),
        "plain_difficulty_spread": Figure(plain_spread, "%"),
        "shared_by_neighbours_mean": Figure(mean(shared), "1"),
        "shared_by_neighbours_most": Figure(max(shared), "1"),
        "parallel_cpu": Figure(parallel_cpu, "s"),
        "parallel_wall": Figure(parallel_wall, "s"),
        "parallel_mean_span": Figure(_span([form.mean for form in alike]), "%"),
        "parallel_reliability_least": Figure(min(form.reliability for form in alike), "1"),
        "parallel_reliability_span": Figure(_span([form.reliability for form in alike]), "1"),
        "constrained_exposure_spread": Figure(_exposure_spread(bound_forms), "1"),
        "constrained_shared_by_neighbours_most": Figure(max(_shared(bound_forms)), "1"),
    }
    ratios = {
        "assembly_cpu_over_0.25_s": ours / LIMIT_S,
        "constrained_cpu_over_1_s": bound_s / CONSTRAINED_LIMIT_S,
        "parallel_wall_over_5_s": parallel_wall / PARALLEL_LIMIT_S,
        "assembly_cpu_over_plain_random_cpu": ours / random_s,
        "difficulty_spread_over_plain_fifth": spread / (plain_spread * SPREAD_LIMIT),
    }
    return Report("assembly", figures, ratios, machine)


def _bound(
    blueprint: Blueprint, pool: Sequence[PoolItem], *, pairs: int = ENEMY_PAIRS
) -> tuple[Blueprint, list[PoolItem]]:
    """Add pairs of enemies and put every seventh item or so into a family of near-duplicates."""
    random, ids = Random(SEED), [item.item_id for item in pool]
    enemies = tuple(tuple(random.sample(ids, 2)) for _ in range(pairs))
    related = [
        msgspec.structs.replace(item, family=str(random.randrange(FAMILIES))) if random.random() < IN_FAMILY else item
        for item in pool
    ]
    return msgspec.structs.replace(blueprint, enemies=enemies, one_per_family=True), related


def _parallel(blueprint: Blueprint, pool: Sequence[PoolItem]) -> tuple[list[Predicted], float, float]:
    """Choose parallel forms from the first items of the pool; return what each promises, processor time and wall time."""
    few = pool[:PARALLEL_POOL]
    plan, related = _bound(msgspec.structs.replace(blueprint, parallel=PARALLEL_FORMS), few, pairs=PARALLEL_PAIRS)
    before, started = time.process_time(), time.perf_counter()
    choice = choose_parallel(plan, related, seed=bytes(32), sitting="bench")
    cpu, wall = time.process_time() - before, time.perf_counter() - started
    keys = [str(number) for number in range(PARALLEL_FORMS)]
    forms = assemble_parallel(plan, related, choice, seed=bytes(32), sitting="bench", keys=keys)
    return [predict(plan, form) for form in forms], cpu, wall


def _time_deal(blueprint: Blueprint, pool: Sequence[PoolItem], forms: int) -> tuple[Sequence[Assembly], float]:
    keys = [str(number) for number in range(forms)]
    before = time.process_time()
    deal = assemble(blueprint, pool, seed=bytes(32), sitting="bench", keys=keys)
    return deal, time.process_time() - before


def _shared(forms: Sequence[Assembly]) -> list[int]:
    """Return how many items each form shares with the next."""
    return [len(_items(one) & _items(other)) for one, other in pairwise(forms)]


def _blueprint() -> Blueprint:
    cells = tuple(
        Cell(node=str(number), interaction=Interaction.CHOICE, count=PER_CELL, marks=100)
        for number in range(1, CELLS + 1)
    )
    return Blueprint(qualification="bench", title="bench", duration_min=120, pass_marks=8000, cells=cells)


def _pool() -> list[PoolItem]:
    random = Random(SEED)
    return [
        PoolItem(
            item_id=f"{number:08d}",
            version=f"{number:064x}",
            node=str(number % CELLS + 1),
            interaction=Interaction.CHOICE,
            difficulty=min(95, max(5, round(random.gauss(35, 15)))),
            options=4,
        )
        for number in range(POOL)
    ]


def _plain(pool: Sequence[PoolItem], forms: int) -> list[list[int]]:
    """Return the difficulties on forms whose cells are drawn at random, each on its own."""
    random, cells = Random(SEED), defaultdict(list)
    for item in pool:
        cells[item.node].append(item.difficulty)
    return [
        [difficulty for cell in cells.values() for difficulty in random.sample(cell, PER_CELL)] for _ in range(forms)
    ]


def _spread(forms: Sequence[Sequence[int]]) -> float:
    """Return the standard deviation of the forms' mean difficulty."""
    return pstdev(mean(form) for form in forms)


def _span(values: Sequence[float]) -> float:
    return max(values) - min(values)


def _items(form: Assembly) -> frozenset[str]:
    return frozenset(slot.item_id for slot in form.slots)


def _exposure_spread(forms: Sequence[Assembly]) -> int:
    """Return by how much the most used item of a deck is used more often than the least used one, of those used."""
    decks: defaultdict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for form in forms:
        for slot in form.slots:
            decks[slot.cell, slot.part][slot.item_id] += 1
    return max(max(used.values()) - min(used.values()) for used in decks.values())
