"""From a test of a QTI package to the cells of a blueprint, and back; pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from exam.web.format import marks as show_marks
from questionbank.blueprints.cells import ANY_NODE, Blueprint, PoolItem, item_classes, share_pool
from questionbank.blueprints.editing import TypedBlueprint, TypedCell
from questionbank.formats.reading import Assessment, AssessmentSection, LeftOut
from questionbank.items.content import Interaction

MOST_CELLS: Final = 100


class Asked(msgspec.Struct, frozen=True):
    """What a blueprint asks for instead of one row of a test; marks in hundredths."""

    interaction: Interaction
    marks: int
    node: str


def typed_of(
    assessment: Assessment, rows: Mapping[int, tuple[Interaction, str]], qualification: str
) -> tuple[TypedBlueprint, tuple[LeftOut, ...]]:
    """Return the editor's fields for a test, and what of it they do not say.

    `rows` gives interaction and node of every row that could be read. A blueprint names no single items: each section
    becomes cells that ask for as many of the same kind.
    """
    cells: list[TypedCell] = []
    left_out = list(assessment.left_out)
    for section in assessment.sections:
        read = [(*rows[row], marks) for row, marks in zip(section.rows, section.marks, strict=True) if row in rows]
        asked = [Asked(interaction, marks, node) for interaction, node, marks in read]
        left_out += [LeftOut(section.title, "item refused")] if len(asked) < len(section.rows) else []
        if section.select is not None and len({(each.interaction, each.marks) for each in asked}) > 1:
            left_out.append(LeftOut(section.title, "selection of several kinds"))
        cells += _cells(section, asked)
    if len(cells) > MOST_CELLS:
        left_out.append(LeftOut(assessment.title, "too many sections"))
    typed = TypedBlueprint(
        qualification=qualification,
        title=assessment.title,
        duration_min=str(assessment.duration_min or ""),
        pass_marks=show_marks(assessment.pass_marks) if assessment.pass_marks else "",
        cells=tuple(cells[:MOST_CELLS]) or (TypedCell(),),
    )
    return typed, tuple(left_out)


def _cells(section: AssessmentSection, asked: Sequence[Asked]) -> list[TypedCell]:
    low, high = map(str, section.difficulty)
    if section.select is None:
        counts = Counter(asked)
    else:
        kinds = Counter(msgspec.structs.replace(each, node=section.node or _node_of(asked)) for each in asked)
        counts = _shared(kinds, section.select)
    return [
        TypedCell(
            node=each.node or ANY_NODE,
            interaction=each.interaction.value,
            low=low,
            high=high,
            count=str(count),
            marks=show_marks(each.marks),
        )
        for each, count in counts.items()
        if count
    ]


def _node_of(asked: Sequence[Asked]) -> str:
    nodes = {each.node for each in asked}
    return nodes.pop() if len(nodes) == 1 else ""


def _shared(kinds: Counter[Asked], wanted: int) -> Counter[Asked]:
    """Divide a number among kinds in proportion, by largest remainder."""
    total = kinds.total()
    shares = Counter({kind: wanted * count // total for kind, count in kinds.items()})
    order = sorted(kinds, key=lambda kind: -(wanted * kinds[kind] % total))
    shares.update(order[: wanted - shares.total()])
    return shares


def assessment_of(
    blueprint: Blueprint, pool: Sequence[PoolItem], nodes: Mapping[str, str]
) -> tuple[Assessment, list[PoolItem]]:
    """Return a blueprint as a test, a section for each cell that draws its count, and the items that are its rows from 1.

    Every item stands in one section, so that no form of the test asks it twice. `nodes` titles the syllabus nodes.
    """
    classes = item_classes(blueprint, pool)
    taken = share_pool(blueprint, classes).taken
    rest = [list(group.members) for group in classes]
    sections: list[AssessmentSection] = []
    asked: list[PoolItem] = []
    for number, cell in enumerate(blueprint.cells):
        members = [rest[group].pop() for group, count in enumerate(taken[number]) for _ in range(count)]
        rows = range(len(asked) + 1, len(asked) + 1 + len(members))
        asked += [pool[member] for member in sorted(members)]
        title = nodes.get(cell.node, cell.node if cell.node != ANY_NODE else "")
        sections.append(
            AssessmentSection(
                title=title or f"{number + 1}",
                rows=tuple(rows),
                marks=(cell.marks,) * len(members),
                select=cell.count,
                node=cell.node,
                difficulty=cell.difficulty,
            )
        )
    assessment = Assessment(
        title=blueprint.title,
        sections=tuple(sections),
        duration_min=blueprint.duration_min,
        pass_marks=blueprint.pass_marks,
    )
    return assessment, asked


def unsaid(blueprint: Blueprint) -> tuple[str, ...]:
    """Return what a blueprint asks for and a QTI test has no words for, as Chinese message ids."""
    parts = {
        "依据": blueprint.basis,
        "互斥": blueprint.enemies or blueprint.one_per_family,
        "目标难度": blueprint.target,
        "目标信度": blueprint.reliability,
        "最大曝光": blueprint.exposure,
        "新题": blueprint.fresh,
        "平行卷套数": blueprint.parallel,
    }
    return tuple(word for word, said in parts.items() if said)
