"""From a typed blueprint to a Blueprint and back; marks are typed in marks and kept in hundredths."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from typing import Any, Self, TypeVar

import msgspec

from exam.core.errors import DomainError
from exam.web.format import marks as show_marks
from questionbank.blueprints.cells import ANY_NODE, Blueprint, Cell
from questionbank.blueprints.constraints import Fresh, Reliability, Target
from questionbank.items.content import Interaction
from questionbank.schemas import BlueprintForm, texts

HUNDRED = 100

T = TypeVar("T")

_WHOLE_FORM = (
    *("mean", "mean_within", "spread", "spread_within", "since", "least", "most", "parallel"),
    *("reliability", "reliability_within", "exposure"),
)
_ITEM_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class BlueprintInputError(DomainError):
    """A field of the blueprint is no number, or out of its bounds; `cell` counts from 1, 0 is the head."""

    code = "blueprint_input"
    message = "第 {cell} 格填写有误:题数为 1 至 500,每题分值大于 0 且至多两位小数,难度为 0 至 100 且下限不高于上限。"


class BlueprintHeadError(DomainError):
    """Title, duration, pass mark or number of parallel forms does not do."""

    code = "blueprint_head"
    message = (
        "名称、时长、合格分或平行卷套数填写有误:时长为 1 至 600 分钟,合格分须大于 0 且不高于总分,平行卷至多 12 套。"
    )


class BlueprintConstraintError(DomainError):
    """A constraint of the whole form is half filled in or out of its bounds."""

    code = "blueprint_constraint"
    message = (
        "整卷约束填写有误:难度、离散为 0 至 100,允许偏差为 1 至 100,新题数下限不高于上限,日期写作 2026-01-31,"
        "信度写作 0.85,最大曝光为 1 至 100,平行卷不填。"
    )


class BlueprintEnemiesError(DomainError):
    """A line of enemies does not name two different items; `line` counts from 1."""

    code = "blueprint_enemies"
    message = "互斥试题第 {line} 行须有两道以上不同试题的编号或网址。"


class TypedCell(msgspec.Struct, frozen=True, kw_only=True):
    """One row as typed."""

    node: str = ANY_NODE
    interaction: str = Interaction.JUDGEMENT.value
    low: str = "0"
    high: str = "100"
    count: str = ""
    marks: str = "1"


class TypedBlueprint(msgspec.Struct, frozen=True, kw_only=True):
    """The editor's fields."""

    qualification: str
    title: str = ""
    duration_min: str = "120"
    pass_marks: str = "80"  # noqa: S105  # 合格分
    basis: str = ""
    cells: tuple[TypedCell, ...] = (TypedCell(),)
    enemies: str = ""
    one_per_family: bool = True
    mean: str = ""
    mean_within: str = ""
    spread: str = ""
    spread_within: str = ""
    since: str = ""
    least: str = ""
    most: str = ""
    parallel: str = ""
    reliability: str = ""
    reliability_within: str = ""
    exposure: str = ""

    @classmethod
    def of(cls, form: BlueprintForm) -> Self:
        """Gather the parallel lists of a form into cells; what is missing is empty, and refused later."""
        columns = map(texts, (form.node, form.interaction, form.low, form.high, form.count, form.marks))
        names = ("node", "interaction", "low", "high", "count", "marks")
        rows = zip_longest(*columns, fillvalue="")
        return cls(
            qualification=form.qualification,
            title=form.title,
            duration_min=form.duration_min,
            pass_marks=form.pass_marks,
            basis=form.basis,
            cells=tuple(TypedCell(**dict(zip(names, row, strict=True))) for row in rows),
            enemies=form.enemies.replace("\r\n", "\n"),
            one_per_family=bool(form.one_per_family),
            **{name: getattr(form, name).strip() for name in _WHOLE_FORM},
        )


def blueprint_from(typed: TypedBlueprint) -> Blueprint:
    """Return the blueprint; raises BlueprintInputError naming the cell, or the error of the part that does not do."""
    cells = [_cell(number, cell) for number, cell in enumerate(typed.cells, 1)]
    head = {
        "qualification": typed.qualification,
        "title": typed.title.strip(),
        "duration_min": _whole(typed.duration_min),
        "pass_marks": _hundredths(typed.pass_marks),
        "basis": typed.basis.strip(),
        "enemies": _enemies(typed.enemies),
        "one_per_family": typed.one_per_family,
        "target": _target(typed),
        "fresh": _fresh(typed),
        "parallel": _whole(typed.parallel or "0"),
    }
    try:
        return msgspec.convert({**head, "cells": cells, **_reliability(typed), **_exposure(typed)}, Blueprint)
    except msgspec.ValidationError as error:
        raise BlueprintHeadError from error


def _cell(number: int, cell: TypedCell) -> dict[str, Any]:
    built = {
        "node": cell.node or ANY_NODE,
        "interaction": cell.interaction,
        "difficulty": [_whole(cell.low), _whole(cell.high)],
        "count": _whole(cell.count),
        "marks": _hundredths(cell.marks),
    }
    try:
        msgspec.convert(built, Cell)
    except msgspec.ValidationError as error:
        raise BlueprintInputError(cell=number) from error
    return built


def ids_in(text: str) -> list[str]:
    """Return the ids of items in a text, which may stand in the addresses of their pages."""
    return list(dict.fromkeys(found.lower() for found in _ITEM_ID.findall(text)))


def _enemies(text: str) -> list[tuple[str, ...]]:
    """Return the items of each line that has any text."""
    groups = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            group = tuple(ids_in(line))
            if len(group) < 2:  # noqa: PLR2004  # nobody is his own enemy
                raise BlueprintEnemiesError(line=number)
            groups.append(group)
    return groups


def _target(typed: TypedBlueprint) -> Target | None:
    if not (typed.mean or typed.spread):
        return None
    built: dict[str, int] = {"mean": _whole(typed.mean), "mean_within": _whole(typed.mean_within or "2")}
    if typed.spread:
        built |= {"spread": _whole(typed.spread), "spread_within": _whole(typed.spread_within or "3")}
    return _constraint(built, Target)


def _reliability(typed: TypedBlueprint) -> dict[str, Reliability]:
    """Return the least reliability, typed as a decimal fraction such as 0.85, where one is asked for."""
    if not typed.reliability:
        return {}
    built = {"least": _hundredths(typed.reliability), "within": _hundredths(typed.reliability_within or "0.05")}
    return {"reliability": _constraint(built, Reliability)}


def _exposure(typed: TypedBlueprint) -> dict[str, int]:
    """Return the greatest exposure in per cent, where one is asked for; the number of parallel forms says theirs."""
    if not typed.exposure:
        return {}
    most = _whole(typed.exposure)
    if not 1 <= most <= HUNDRED or typed.parallel.strip("0"):
        raise BlueprintConstraintError
    return {"exposure": most}


def _fresh(typed: TypedBlueprint) -> Fresh | None:
    if not (typed.since or typed.least or typed.most):
        return None
    built = {"since": typed.since, "least": _whole(typed.least or "0"), "most": _whole(typed.most or "500")}
    return _constraint(built, Fresh)


def _constraint(built: Mapping[str, object], kind: type[T]) -> T:
    try:
        return msgspec.convert(built, kind)
    except msgspec.ValidationError as error:
        raise BlueprintConstraintError from error


def _whole(text: str) -> int:
    """Return a whole number, or -1, which every bound refuses."""
    return int(text) if text.strip().isdecimal() and len(text) < 6 else -1  # noqa: PLR2004  # far beyond every bound


def _hundredths(text: str) -> int:
    try:
        value = Decimal(text.strip()) * HUNDRED
    except InvalidOperation:
        return -1
    return int(value) if value.is_finite() and value == value.to_integral_value() else -1


def typed_from(blueprint: Blueprint) -> TypedBlueprint:
    """Return the editor's fields of a stored blueprint."""
    return TypedBlueprint(
        qualification=blueprint.qualification,
        title=blueprint.title,
        duration_min=str(blueprint.duration_min),
        pass_marks=show_marks(blueprint.pass_marks),
        basis=blueprint.basis,
        cells=tuple(
            TypedCell(
                node=cell.node,
                interaction=cell.interaction.value,
                low=str(cell.difficulty[0]),
                high=str(cell.difficulty[1]),
                count=str(cell.count),
                marks=show_marks(cell.marks),
            )
            for cell in blueprint.cells
        ),
        enemies="\n".join(" ".join(group) for group in blueprint.enemies),
        one_per_family=blueprint.one_per_family,
        parallel=str(blueprint.parallel or ""),
        exposure=str(blueprint.exposure or ""),
        **_typed_target(blueprint.target),
        **_typed_fresh(blueprint.fresh),
        **_typed_reliability(blueprint.reliability or None),
    )


def _typed_target(target: Target | None) -> dict[str, str]:
    if target is None:
        return {}
    mean = {"mean": str(target.mean), "mean_within": str(target.mean_within)}
    if target.spread is None:
        return mean
    return {**mean, "spread": str(target.spread), "spread_within": str(target.spread_within)}


def _typed_fresh(fresh: Fresh | None) -> dict[str, str]:
    if fresh is None:
        return {}
    return {"since": fresh.since.isoformat(), "least": str(fresh.least), "most": str(fresh.most)}


def _typed_reliability(reliability: Reliability | None) -> dict[str, str]:
    if reliability is None:
        return {}
    return {
        "reliability": f"{reliability.least / HUNDRED:.2f}",
        "reliability_within": f"{reliability.within / HUNDRED:.2f}",
    }
