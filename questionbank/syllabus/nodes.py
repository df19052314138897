"""大纲条目: what a syllabus is made of, and what one version changes of another; pure."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

import msgspec

from questionbank.items.content import Depth

MOST_NODES: Final = 2_000
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Node(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """大纲条目; `hours` are whole 学时 and `weight` is the percentage of the examination."""

    LONGEST_TITLE: ClassVar[int] = 200

    code: Text
    parent: str | None
    title: Text
    depth: Depth
    hours: Annotated[int, msgspec.Meta(ge=0, le=1000)]
    weight: Annotated[int, msgspec.Meta(ge=0, le=100)]


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A node beside the same code of the version in force: `before` is None where that has none."""

    node: Node
    before: Node | None
    change: Literal["same", "new", "changed", "gone"]


def compare(before: Sequence[Node], after: Sequence[Node]) -> list[Compared]:
    """Return every node of `after` in its order, then those of `before` that are gone."""
    old, new = {node.code: node for node in before}, {node.code for node in after}
    told = [Compared(node=node, before=old.get(node.code), change=_change(old.get(node.code), node)) for node in after]
    return told + [Compared(node=node, before=node, change="gone") for node in before if node.code not in new]


def _change(before: Node | None, after: Node) -> Literal["same", "new", "changed"]:
    if before is None:
        return "new"
    return "same" if before == after else "changed"
