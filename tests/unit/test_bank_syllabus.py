"""A syllabus from a workbook: read back as it was written, summed where it is left open, every wrong row told at once."""

import msgspec
import pytest

from exam.core.sheets.writer import write_csv, write_workbook
from questionbank.items.content import Depth
from questionbank.seed_banks import _folder, list_seed_banks
from questionbank.syllabus.nodes import Node, compare
from questionbank.syllabus.reading import (
    COLUMNS,
    SyllabusColumnsError,
    SyllabusRowsError,
    read_syllabus,
    write_syllabus,
)
from questionbank.syllabus.service import SyllabusDraft

Row = tuple[str | int, ...]


def sheet(*rows: Row) -> bytes:
    return write_workbook(("序号", "培训内容", "要求", "课时", "比重"), rows)


def problems(*rows: Row) -> list[tuple[int, str, str]]:
    with pytest.raises(SyllabusRowsError) as refused:
        read_syllabus(sheet(*rows))
    return [(each.row, each.message.partition("{")[0][:4], each.value) for each in refused.value.problems]


@pytest.mark.parametrize("code", list_seed_banks())
def test_a_syllabus_written_is_read_as_it_was(code: str) -> None:
    nodes = msgspec.json.decode((_folder(code) / "syllabus.json").read_bytes(), type=SyllabusDraft).nodes
    assert read_syllabus(write_syllabus(nodes)) == nodes


def test_a_node_above_others_is_summed_from_them() -> None:
    text = write_csv(
        COLUMNS,
        [("1", "法规", "", "", ""), ("1.1", "权利", "了解", 2, "30%"), ("1.2", "资格", "熟练掌握", 4, 70)],
    )
    first = read_syllabus(text)[0]
    assert (first.depth, first.hours, first.weight, first.parent) == (Depth.MASTER, 6, 100, None)


def test_every_wrong_row_is_told() -> None:
    assert problems(
        ("第一章", "法规", "掌握", 1, 50),
        (1, "技术", "掌握", 1, 50),
        ("1.1", "", "掌握", 1, 50),
        ("1.1", "绝缘", "精通", 1, 50),
        ("3.1", "接地", "", "两", 101),
    ) == [
        (2, "编号“", "第一章"),
        (4, "名称应为", ""),
        (5, "编号 ", "1.1"),
        (5, "掌握程度", "精通"),
        (6, "上级条目", "3"),
        (6, "掌握程度", ""),
        (6, "学时“", "两"),
        (6, "权重“", "101"),
    ]


def test_sums_that_do_not_fit_are_told() -> None:
    assert problems(("1", "法规", "掌握", 5, 60), ("1.1", "权利", "了解", 4, 60), ("2", "技术", "掌握", 1, 30)) == [
        (2, "下级学时", "4")
    ]
    assert problems(("1", "法规", "掌握", 5, 60), ("2", "技术", "掌握", 1, 30)) == [(0, "各章权重", "90")]


def test_a_sheet_without_the_columns_is_refused() -> None:
    with pytest.raises(SyllabusColumnsError):
        read_syllabus(write_workbook(("编号", "名称"), [("1", "法规")]))


def test_versions_are_compared_by_code() -> None:
    one = Node(code="1", parent=None, title="法规", depth=Depth.KNOW, hours=1, weight=50)
    two = Node(code="2", parent=None, title="技术", depth=Depth.KNOW, hours=1, weight=50)
    changed, new = msgspec.structs.replace(two, hours=3), msgspec.structs.replace(two, code="3")
    told = compare((one, two), (changed, new))
    assert [(each.node.code, each.change) for each in told] == [("2", "changed"), ("3", "new"), ("1", "gone")]
