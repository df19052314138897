"""A syllabus from a workbook and back; pure."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from exam.core.errors import DomainError
from exam.core.sheets.columns import NamedRow, find_rows
from exam.core.sheets.limited import read_sheets
from exam.core.sheets.writer import write_workbook
from questionbank.formats.words import DEPTH_NAMES, find_depth
from questionbank.items.content import Depth
from questionbank.syllabus.nodes import MOST_NODES, Node

COLUMNS: Final = ("编号", "名称", "掌握程度", "学时", "权重")
WHOLE: Final = 100
_TITLES: Final[Mapping[str, frozenset[str]]] = {
    "code": frozenset({"编号", "条目编号", "条目", "章节", "章节号", "知识点编号", "序号", "code"}),
    "title": frozenset({"名称", "条目名称", "内容", "培训内容", "知识点", "知识点名称", "标题", "title"}),
    "depth": frozenset({"掌握程度", "要求", "程度", "考核要求", "depth"}),
    "hours": frozenset({"学时", "课时", "学时数", "hours"}),
    "weight": frozenset({"权重", "权重(%)", "权重%", "比重", "占比", "考试比重", "weight"}),
}
_CODE: Final = re.compile(r"[0-9A-Za-z]{1,8}(\.[0-9A-Za-z]{1,8}){0,6}")
_DEEPER: Final = list(Depth)


class SyllabusColumnsError(DomainError):
    """No sheet has the headings."""

    code = "syllabus_columns"
    message = "表格里没有找到“编号、名称、掌握程度、学时、权重”五列,请使用模板。"


class SyllabusTooLongError(DomainError):
    """More nodes than a syllabus may have."""

    code = "syllabus_too_long"
    message = "表格有 {rows} 行,大纲最多 {most} 条。"


class RowProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a row as the spreadsheet numbers it; `message` is a Chinese msgid over `value`."""

    row: int
    message: str
    value: str = ""


class SyllabusRowsError(DomainError):
    """Some rows cannot be read: every one is told at once, and nothing is stored."""

    code = "syllabus_rows"
    message = "大纲有 {rows} 处需要改正,什么也没有保存。"

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__(rows=len(problems))
        self.problems = tuple(problems)


def read_syllabus(data: bytes) -> tuple[Node, ...]:
    """Return the nodes of the first sheet that has the headings, in its order.

    A node above others may leave depth, hours and weight to them: it gets the deepest depth and the sums. Raises the
    refusals of unreadable files, SyllabusColumnsError, SyllabusTooLongError, SyllabusRowsError.
    """
    rows = find_rows(read_sheets(data), _TITLES, tuple(_TITLES))
    if not rows:
        raise SyllabusColumnsError
    if len(rows) > MOST_NODES:
        raise SyllabusTooLongError(rows=len(rows), most=MOST_NODES)
    codes = [_code(row) for row in rows]
    below: dict[str, list[int]] = defaultdict(list)
    for place, code in enumerate(codes):
        below[code.rpartition(".")[0]].append(place)
    problems = [problem for place, row in enumerate(rows) for problem in _problems(row, codes, place, below)]
    nodes = _settled(rows, codes, below) if not problems else {}
    problems += [problem for place in nodes for problem in _misfits(rows, nodes, codes, place, below)]
    chapters = sum(nodes[place].weight for place in below[""] if place in nodes)
    if nodes and not problems and chapters != WHOLE:
        problems.append(RowProblem(row=0, message="各章权重之和是 {value},应为 100", value=str(chapters)))
    if problems:
        raise SyllabusRowsError(problems)
    return tuple(nodes[place] for place in sorted(nodes))


def _code(row: NamedRow) -> str:
    return unicodedata.normalize("NFKC", row.cells["code"]).strip().rstrip(".")


def _number(text: str) -> int | None:
    """Return a whole number, None for what is none; an empty cell is left to the nodes below and reads as 0."""
    digits = unicodedata.normalize("NFKC", text).strip().removesuffix("%").removesuffix(".0")
    return int(digits or "0") if re.fullmatch("[0-9]{0,4}", digits) else None


def _problems(
    row: NamedRow, codes: Sequence[str], place: int, below: Mapping[str, Sequence[int]]
) -> Iterator[RowProblem]:
    code, cells = codes[place], row.cells
    parent = code.rpartition(".")[0]
    if not _CODE.fullmatch(code):
        yield RowProblem(row=row.number, message="编号“{value}”不成层级:应为 1、1.2、1.2.3 的样子", value=code)
    elif code in codes[:place]:
        yield RowProblem(row=row.number, message="编号 {value} 重复:1.10 须按文本填写,否则会变成 1.1", value=code)
    elif parent and parent not in codes[:place]:
        yield RowProblem(row=row.number, message="上级条目 {value} 不在前面", value=parent)
    if not 0 < len(cells["title"]) <= Node.LONGEST_TITLE:
        yield RowProblem(row=row.number, message="名称应为 1 至 200 字")
    if (cells["depth"] or code not in below) and find_depth(cells["depth"]) is None:
        yield RowProblem(row=row.number, message="掌握程度“{value}”应为了解、掌握或熟练掌握", value=cells["depth"])
    for name, most, message in (
        ("hours", 1000, "学时“{value}”应为 0 至 1000 的整数"),
        ("weight", WHOLE, "权重“{value}”应为 0 至 100 的整数"),
    ):
        number = _number(cells[name])
        if number is None or number > most:
            yield RowProblem(row=row.number, message=message, value=cells[name])


def _settled(rows: Sequence[NamedRow], codes: Sequence[str], below: Mapping[str, Sequence[int]]) -> dict[int, Node]:
    """Return the nodes by place, the lowest first: what a node leaves open comes from those below it."""
    nodes: dict[int, Node] = {}
    for place in reversed(range(len(rows))):
        code, cells = codes[place], rows[place].cells
        children = [nodes[child] for child in below.get(code, ())]
        own = find_depth(cells["depth"])
        nodes[place] = Node(
            code=code,
            parent=code.rpartition(".")[0] or None,
            title=cells["title"],
            depth=own or max((child.depth for child in children), key=_DEEPER.index),
            hours=(_number(cells["hours"]) or 0) if cells["hours"] else sum(child.hours for child in children),
            weight=(_number(cells["weight"]) or 0) if cells["weight"] else sum(child.weight for child in children),
        )
    return nodes


def _misfits(
    rows: Sequence[NamedRow],
    nodes: Mapping[int, Node],
    codes: Sequence[str],
    place: int,
    below: Mapping[str, Sequence[int]],
) -> Iterator[RowProblem]:
    """Tell where a node is not the sum of those below it."""
    sums: Counter[str] = Counter()
    for child in below.get(codes[place], ()):
        sums.update(hours=nodes[child].hours, weight=nodes[child].weight)
    if codes[place] in below and sums["hours"] != nodes[place].hours:
        yield RowProblem(row=rows[place].number, message="下级学时之和是 {value},与本条不等", value=str(sums["hours"]))
    if codes[place] in below and sums["weight"] != nodes[place].weight:
        yield RowProblem(row=rows[place].number, message="下级权重之和是 {value},与本条不等", value=str(sums["weight"]))


def write_syllabus(nodes: Sequence[Node]) -> bytes:
    """Return a workbook that `read_syllabus` reads as the same nodes."""
    rows = [(node.code, node.title, DEPTH_NAMES[node.depth], node.hours, node.weight) for node in nodes]
    return write_workbook(COLUMNS, rows, sheet="考核大纲")
