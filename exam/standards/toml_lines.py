"""Where a key stands in a TOML text: the parser keeps no lines, and a finding without one is hard to mend."""

import re

_TABLE = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_SEGMENT = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_DECODE_LINE = re.compile(r"at line (\d+)")

Path = tuple[str | int, ...]


class TomlLines:
    """Lines of the tables and keys of one text, without multi-line strings (the data files have none).

    Array-of-tables members are addressed by index from 0: ("items", 3, "no").
    """

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        table: Path = ()
        members: dict[Path, int] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            if header := _TABLE.match(line):
                table = _segments(header[2])
                if header[1] == "[[":
                    members[table] = members.get(table, -1) + 1
                    table = (*table, members[table])
                self._lines.setdefault(table, number)
            elif key := _KEY.match(line):
                self._lines.setdefault((*table, *_segments(key[1])), number)

    def line_of(self, *path: str | int) -> int:
        """Return the line of a key, else of the nearest table around it, else 1."""
        for length in range(len(path), 0, -1):
            if line := self._lines.get(path[:length]):
                return line
        return 1


def _segments(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _SEGMENT.findall(dotted))


def line_of_decode_error(message: str) -> int:
    """Return the line that tomllib names in its message, else 1."""
    found = _DECODE_LINE.search(message)
    return int(found[1]) if found else 1
