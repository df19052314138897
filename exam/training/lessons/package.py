"""A course package of another tool as a lesson holds it: SCORM 1.2 and 2004, cmi5 (ADL), its parts and their state; pure.

What a package says of itself never adds time: hours come from the page's heartbeats, as for any lesson.
"""

from collections.abc import Iterable
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Literal
from urllib.parse import unquote

import msgspec

Key = Annotated[str, msgspec.Meta(max_length=255)]


class Standard(StrEnum):
    """By which a package talks to us."""

    SCORM_12 = "scorm12"
    SCORM_2004 = "scorm2004"
    CMI5 = "cmi5"


STANDARDS = {Standard.SCORM_12: "SCORM 1.2", Standard.SCORM_2004: "SCORM 2004", Standard.CMI5: "cmi5"}


class MoveOn(StrEnum):
    """What satisfies an assignable unit of cmi5 (its 10.2.4, moveOn)."""

    PASSED = "Passed"
    COMPLETED = "Completed"
    BOTH = "CompletedAndPassed"
    EITHER = "CompletedOrPassed"
    NOT_APPLICABLE = "NotApplicable"


MOVE_ON = {
    MoveOn.PASSED: "须通过",
    MoveOn.COMPLETED: "须学完",
    MoveOn.BOTH: "须学完并通过",
    MoveOn.EITHER: "学完或通过",
}
"""What a unit's condition is called; msgids."""


class Wanted(StrEnum):
    """What finishes a package beside its time."""

    TIME = "time"
    COMPLETED = "completed"
    PASSED = "passed"


WANTED = {
    Wanted.TIME: "学满时间即可",
    Wanted.COMPLETED: "学满时间,并学完课件包的内容",
    Wanted.PASSED: "学满时间,并通过课件包的测验",
}
"""What a condition is called; msgids."""


class PackageItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part that can be opened (SCO, AU): `href` is relative to the package; `mastery` and `launch` are told to it.

    Of cmi5 alone: `publisher` is the unit's id in its course, an IRI, `entitlement` its key for what it asks elsewhere.
    """

    key: str
    title: str
    href: str
    mastery: str = ""
    launch: str = ""
    publisher: str = ""
    move_on: MoveOn = MoveOn.NOT_APPLICABLE
    method: Literal["AnyWindow", "OwnWindow"] = "AnyWindow"
    entitlement: str = ""


class PackageBlock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A block of a cmi5 course: its publisher's id, its title, and the keys of the units in it."""

    publisher: str
    title: str
    items: tuple[str, ...]


class Package(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """课件包: `folder` is where the storage keeps its files, `digest` the SHA-256 over their names and contents.

    `publisher` and `blocks` are those of a cmi5 course.
    """

    folder: str
    standard: Standard
    title: str
    items: tuple[PackageItem, ...]
    files: int
    digest: str
    publisher: str = ""
    blocks: tuple[PackageBlock, ...] = ()


class PackageLesson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A package as a lesson: at most `least_s` of study count, and `wanted` finishes it."""

    package: Package
    least_s: Annotated[int, msgspec.Meta(ge=60, le=7200 * 4)]
    wanted: Wanted


class Tracked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a part said of itself last, and what it wants to find again (suspend data)."""

    item: Key
    location: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    suspend_data: Annotated[str, msgspec.Meta(max_length=64_000)] = ""
    completion: Literal["completed", "incomplete"] = "incomplete"
    success: Literal["passed", "failed", "unknown"] = "unknown"
    score: Annotated[str, msgspec.Meta(max_length=20)] = ""
    suspended: bool = False


def file_name(path: str) -> str:
    """Return under which name a package's file is stored: whatever its path is called, it is one of ours."""
    return f"{sha256(path.encode()).hexdigest()}.file"


def path_of(href: str) -> str:
    """Return the path inside a package that a link of it names."""
    return unquote(href.partition("#")[0].partition("?")[0])


def moved_on(item: PackageItem, said: Tracked) -> bool:
    """Say whether a unit of cmi5 has what its own condition (moveOn) asks."""
    completed, passed = said.completion == "completed", said.success == "passed"
    match item.move_on:
        case MoveOn.PASSED:
            return passed
        case MoveOn.COMPLETED:
            return completed
        case MoveOn.BOTH:
            return completed and passed
        case MoveOn.EITHER:
            return completed or passed
        case MoveOn.NOT_APPLICABLE:
            return True


def is_met(lesson: PackageLesson, tracked: Iterable[Tracked]) -> bool:
    """Say whether every part has what the lesson wants of it; that a cmi5 course is completed is for its units to say."""
    said = {each.item: each for each in tracked}
    states = [said.get(item.key, Tracked(item=item.key)) for item in lesson.package.items]
    if lesson.wanted is Wanted.PASSED:
        return all(each.success == "passed" for each in states)
    if lesson.package.standard is Standard.CMI5:
        return all(moved_on(item, each) for item, each in zip(lesson.package.items, states, strict=True))
    return all(each.completion == "completed" for each in states)
