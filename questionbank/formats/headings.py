"""Heading rows of question tables: the synonyms of the field, notes in brackets left out."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from questionbank.formats.layouts import IGNORED, NO_LAYOUTS, Layouts, fold_title
from questionbank.formats.options import LETTERS
from questionbank.formats.reading import Column

_SYNONYMS: Final = {
    "stem": "题目 题干 题目内容 试题内容 试题题目 试题题干 题目名称 试题名称 试题 问题 内容 stem question title",
    "kind": "题型 试题类型 题目类型 试题题型 题目题型 类型 题类 type interaction",
    "options": "选项 题目选项 试题选项 选项内容 备选项 备选答案 供选答案 options choices",
    "key": "答案 正确答案 题目答案 试题答案 标准答案 参考答案 正确选项 key answer answers",
    "difficulty": "难度 难度等级 难易程度 难易度 难易 difficulty",
    "correctness": "难度系数",
    "node": "知识点 知识点编号 知识点编码 知识点代码 考点 考核点 大纲编号 node",
    "depth": "掌握程度 考核要求 认知层次 depth",
    "explanation": "解析 试题解析 答案解析 题目解析 解释 explanation",
    "basis": "依据 出题依据 命题依据 法规依据 法律依据 参考依据 basis",
    "weights": "按答案给分 weights",
    "plain": "公式写法",
    "": "序号 编号 题号 试题编号 id no number 作业种类 作业类别 工种 类别 科目 专业 未导出",
}
_BY_WORD: Final = {word: field for field, words in _SYNONYMS.items() for word in words.split()}
_OPTION_LETTER = re.compile(r"(?:选项|备选项|option)?([a-j])(?:选项|项)?")
_OPTION_NUMBER = re.compile(r"(?:选项|备选项|option)(10|[1-9])")
_CHINESE_NUMBER = re.compile(r"(?:选项|备选项)([一二三四五六七八九十])")
_SEARCHED_ROWS: Final = 10
_TITLE_LENGTH: Final = 20
_LEAST_TITLES: Final = 2


class Headings(msgspec.Struct, frozen=True, kw_only=True):
    """Where a table keeps what: `fields` by name, `letters` of options in columns of their own, `unknown` titles."""

    row: int
    fields: dict[str, int]
    letters: dict[str, int]
    unknown: dict[str, int]

    def columns(self, row: Sequence[str]) -> tuple[Column, ...]:
        """Return what each titled column of the heading row was read as, in the order of the sheet."""
        meant = {column: name for name, column in (self.fields | self.letters).items()}
        return tuple(Column(title.strip(), meant.get(at, IGNORED)) for at, title in enumerate(row) if title.strip())


def find_headings(rows: Sequence[Sequence[str]], layouts: Layouts = NO_LAYOUTS) -> Headings | None:
    """Return the first row, among the first ten, that has at least a stem and a key column."""
    for index, row in enumerate(rows[:_SEARCHED_ROWS]):
        headings = _read_headings(index, row, layouts)
        if {"stem", "key"} <= headings.fields.keys():
            return headings
    return None


def guess_titles(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the titles of the first row that may be one of headings: different short words, and rows below it."""
    for row in rows[:_SEARCHED_ROWS][: len(rows) - 1]:
        titles = [title.strip() for title in row if title.strip()]
        short = all(len(title) <= _TITLE_LENGTH and not title.isdecimal() for title in titles)
        if len(titles) >= _LEAST_TITLES and short and len(set(titles)) == len(titles):
            return titles
    return []


def _read_headings(index: int, row: Sequence[str], layouts: Layouts) -> Headings:
    """Sort the titles of one row; of two columns with the same meaning the chosen or the first wins, the other is unknown."""
    words = [fold_title(title) for title in row]
    chosen = layouts.choose(words)
    fields: dict[str, int] = {}
    letters: dict[str, int] = {}
    unknown: dict[str, int] = {}
    for column in sorted(range(len(row)), key=lambda column: words[column] not in chosen):
        field, letter = _meaning(words[column], chosen)
        if letter and letter not in letters:
            letters[letter] = column
        elif field and field not in fields:
            fields[field] = column
        elif words[column] and field != IGNORED:
            unknown[row[column].strip()[:20]] = column
    return Headings(row=index, fields=fields, letters=letters, unknown=unknown)


def _meaning(word: str, chosen: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return the field or the option's letter that a folded title stands for."""
    if word not in chosen:
        return _BY_WORD.get(word), _find_letter(word)
    field = chosen[word]
    return (None, field) if field in LETTERS else (field, None)


def _find_letter(word: str) -> str | None:
    if match := _OPTION_LETTER.fullmatch(word):
        return match[1].upper()
    if match := _OPTION_NUMBER.fullmatch(word):
        return LETTERS[int(match[1]) - 1]
    if match := _CHINESE_NUMBER.fullmatch(word):
        return LETTERS["一二三四五六七八九十".index(match[1])]
    return None
