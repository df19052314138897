"""Reading one data file strictly: every defect becomes a finding with its line, and only a clean file becomes a value."""

import re
import tomllib
from typing import Any, TypeVar

import msgspec

from exam.standards.errors import Finding
from exam.standards.marks import Mark
from exam.standards.sources import Entry, RuleSource
from exam.standards.toml_lines import TomlLines, line_of_decode_error
from exam.standards.vocabulary import value_types

T = TypeVar("T")

_ERROR_PATH = re.compile(r" - at `\$\.?(.*)`$")
_PATH_SEGMENT = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_UNKNOWN_FIELD = re.compile(r"unknown field `([^`]+)`")


class TomlFile:
    """One file under examination: its name, its tables, and where each key stands."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.findings: list[Finding] = []
        self._lines = TomlLines(text)
        self.tables: dict[str, Any] = {}
        try:
            self.tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self.findings.append(Finding(name, line_of_decode_error(str(error)), "", f"不是合法的 TOML:{error}"))

    def refuse(self, path: tuple[str | int, ...], message: str) -> None:
        key = ".".join(str(part) for part in path)
        self.findings.append(Finding(self.name, self._lines.line_of(*path), key, message))

    def finding_at(self, path: tuple[str | int, ...], message: str) -> Finding:
        """Return a finding for a defect that only several files together show."""
        key = ".".join(str(part) for part in path)
        return Finding(self.name, self._lines.line_of(*path), key, message)

    def convert(self, kind: type[T]) -> T | None:
        """Convert the tables, or record the first place where they do not fit and return None."""
        if self.findings:
            return None
        try:
            return msgspec.convert(self.tables, kind)
        except msgspec.ValidationError as error:
            self.refuse(*_located(error))
            return None


def _located(error: msgspec.ValidationError) -> tuple[tuple[str | int, ...], str]:
    text = str(error)
    found = _ERROR_PATH.search(text)
    path: list[str | int] = []
    for index, name in _PATH_SEGMENT.findall(found[1] if found else ""):
        path.append(int(index) if index else name)
    if unknown := _UNKNOWN_FIELD.search(text):
        path.append(unknown[1])
    return tuple(path), text


def parse_rule_source(file: TomlFile) -> RuleSource | None:
    """Return the file as a rule source, or None with its findings filled."""
    _check_values(file, ("values",), file.tables.get("values", {}))
    scoped = file.tables.get("scoped", {})
    if isinstance(scoped, dict):
        for name, entries in scoped.items():
            _check_values(file, ("scoped", name), entries)
    return file.convert(RuleSource)


def _check_values(file: TomlFile, path: tuple[str, ...], entries: object) -> None:
    if not isinstance(entries, dict):
        file.refuse(path, "应当是表,每行一个键")
        return
    for key, raw in entries.items():
        if key not in value_types():
            file.refuse((*path, key), "未知的键:规则集中没有这个参数")
        elif message := _defect(key, raw):
            file.refuse((*path, key), message)


def _defect(key: str, raw: object) -> str:
    if not isinstance(raw, dict):
        return "应当写成 { value = …, source = …, mark = … }"
    for name in ("source", "mark"):
        if not raw.get(name):
            return f"缺少 {name}"
    try:
        entry = msgspec.convert(raw, Entry)
        if entry.value is not None:
            msgspec.convert(entry.value, value_types()[key])
    except msgspec.ValidationError as error:
        return f"类型或取值不对:{error}"
    if (entry.mark is Mark.ABSENT) != (entry.value is None):
        return "mark 为 absent 时不得有 value,其余 mark 必须有 value"
    return ""
