"""From a typed blueprint to a Blueprint and back; marks are typed in marks and kept in hundredths."""

from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from typing import Any, Self

import msgspec

from exam.core.errors import DomainError
from exam.web.format import marks as show_marks
from questionbank.blueprints.cells import ANY_NODE, Blueprint, Cell
from questionbank.items.content import Interaction
from questionbank.schemas import BlueprintForm, texts

HUNDRED = 100


class BlueprintInputError(DomainError):
    """A field of the blueprint is no number, or out of its bounds; `cell` counts from 1, 0 is the head."""

    code = "blueprint_input"
    message = "第 {cell} 格填写有误:题数为 1 至 500,每题分值大于 0 且至多两位小数,难度为 0 至 100 且下限不高于上限。"


class BlueprintHeadError(DomainError):
    """Title, duration or pass mark does not do."""

    code = "blueprint_head"
    message = "名称、时长或合格分填写有误:时长为 1 至 600 分钟,合格分须大于 0 且不高于总分。"


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
        )


def blueprint_from(typed: TypedBlueprint) -> Blueprint:
    """Return the blueprint; raises BlueprintInputError naming the cell, or BlueprintHeadError."""
    cells = [_cell(number, cell) for number, cell in enumerate(typed.cells, 1)]
    head = {
        "qualification": typed.qualification,
        "title": typed.title.strip(),
        "duration_min": _whole(typed.duration_min),
        "pass_marks": _hundredths(typed.pass_marks),
        "basis": typed.basis.strip(),
    }
    try:
        return msgspec.convert({**head, "cells": cells}, Blueprint)
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
    )
