"""辖区: the GB/T 2260 tree as paths, so that "within" is a question about segments and not about digits.

Codes are no prefixes of each other (330000 is the province of 330106), paths are: 33/3301/330106/330106001. The data
are the 2023 statistical division codes of the National Bureau of Statistics, Zhejiang: 1 province, 11 cities,
90 counties, 1,387 towns.
"""

import csv
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files

import msgspec

from exam.core.errors import DomainError, NotFoundError


class RegionLevel(StrEnum):
    """级别: province, city, county, town, from the top."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWN = "town"


_WIDTHS = {RegionLevel.PROVINCE: 2, RegionLevel.CITY: 4, RegionLevel.COUNTY: 6, RegionLevel.TOWN: 9}
_LEVELS = tuple(RegionLevel)
_COLUMNS = frozenset({"code", "name", "level", "parent"})
_SEGMENT = re.compile(r"[0-9]+")


class RegionPathError(DomainError):
    """A text is no path: wrong widths, gaps, or a segment that does not continue the one before."""

    code = "region_path"
    message = "辖区路径格式不对。"


class UnknownRegionError(NotFoundError):
    """No region of the loaded tree has this code or path."""

    code = "region_unknown"
    message = "没有找到代码为“{region}”的行政区划。"


class RegionFileError(DomainError):
    """A file of regions has other columns or levels than it should."""

    code = "region_file"
    message = "区划文件须为 CSV,列为 code、name、level、parent,级别为 province、city、county 或 town。"


class Region(msgspec.Struct, frozen=True, kw_only=True):
    """行政区划: `code` is official (six digits, nine for a town), `parent` is empty for the province."""

    code: str
    name: str
    level: RegionLevel
    parent: str
    path: str


def region_path(code: str, parents: Mapping[str, str]) -> str:
    """Return the path of an official code; `parents` maps every code to its parent's, a province to an empty text.

    Raises `UnknownRegionError` for a code without a line of parents up to a province.
    """
    line: list[str] = []
    current = code
    while current:
        if current not in parents or len(line) == len(_LEVELS):
            raise UnknownRegionError(region=code)
        line.append(current)
        current = parents[current]
    return parse_path(
        "/".join(official[: _WIDTHS[level]] for official, level in zip(reversed(line), _LEVELS, strict=False))
    )


def parse_path(text: str) -> str:
    """Return the text if it is a path from a province downwards; raises `RegionPathError`."""
    segments = text.split("/")
    if len(segments) > len(_LEVELS):
        raise RegionPathError(path=text)
    above = ""
    for segment, level in zip(segments, _LEVELS, strict=False):
        if not _SEGMENT.fullmatch(segment) or len(segment) != _WIDTHS[level] or not segment.startswith(above):
            raise RegionPathError(path=text)
        above = segment
    return text


def covers(parent_path: str, child_path: str) -> bool:
    """Say whether a region is another or lies within it; an empty path covers nothing and lies in nothing."""
    if not parent_path or not child_path:
        return False
    return f"{child_path}/".startswith(f"{parent_path}/")


class RegionTree:
    """The loaded regions by code and by path, in code order within each level."""

    def __init__(self, regions: tuple[Region, ...]) -> None:
        self.regions = regions
        self._by_code = {region.code: region for region in regions}
        self._by_path = {region.path: region for region in regions}
        self._children: dict[str, list[Region]] = {}
        for region in regions:
            self._children.setdefault(region.parent, []).append(region)

    def find(self, code: str) -> Region | None:
        return self._by_code.get(code)

    def get(self, code: str) -> Region:
        """Return a region by official code; raises `UnknownRegionError`."""
        if code not in self._by_code:
            raise UnknownRegionError(region=code)
        return self._by_code[code]

    def get_by_path(self, path: str) -> Region:
        """Return a region by path; raises `UnknownRegionError`."""
        if path not in self._by_path:
            raise UnknownRegionError(region=path)
        return self._by_path[path]

    def children(self, code: str) -> tuple[Region, ...]:
        """Return the regions directly below a code; of an empty code, the provinces."""
        return tuple(self._children.get(code, ()))

    def names(self, path: str) -> tuple[str, ...]:
        """Return the names along a path, province first, for showing it in words."""
        segments = parse_path(path).split("/")
        return tuple(self.get_by_path("/".join(segments[: depth + 1])).name for depth in range(len(segments)))


@cache
def load_regions() -> RegionTree:
    """Return the packaged tree, read once per process."""
    data = files("exam.identity") / "data" / "regions_zhejiang.csv"
    return read_regions(data.read_text(encoding="utf-8"))


def read_regions(text: str) -> RegionTree:
    """Read CSV of code, name, level and parent (empty for the province).

    Raises UnknownRegionError, RegionPathError, and RegionFileError for other columns or levels.
    """
    rows = list(csv.DictReader(text.splitlines()))
    if not rows or any(not row.keys() >= _COLUMNS or row["level"] not in _LEVELS for row in rows):
        raise RegionFileError
    parents = {row["code"]: row["parent"] for row in rows}
    return RegionTree(
        tuple(
            Region(
                code=row["code"],
                name=row["name"],
                level=RegionLevel(row["level"]),
                parent=row["parent"],
                path=region_path(row["code"], parents),
            )
            for row in rows
        )
    )
