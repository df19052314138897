"""What match and inline choice have in common: one choice in each of several numbered groups.

A response names group and choice together: "1B" is B in the first group. Each group that is right earns its share (QTI
map_response in which every pair maps to the same value).
"""

from collections.abc import Iterable, Sequence
from typing import Final

from questionbank.formats.refusals import RowError
from questionbank.formats.wording import OPTION_LIMIT, require_text
from questionbank.interactions.kind import Kind
from questionbank.items.content import ItemContent

MOST_GROUPS: Final = 9
"""One digit names a group."""


class Grouped(Kind):
    """An interaction of several groups."""

    rule = "groups"
    reordered = True
    in_lines = True

    def cell(self, content: ItemContent) -> str:
        """Return nothing: the lines of the options say what is right."""
        del content
        return ""


def keys_by_group(key: Sequence[str], groups: int) -> list[str]:
    """Return the choice of each group in their order; raises RowError where a group has none or several."""
    found = {label[:1]: label[1:] for label in key}
    wanted = [str(number) for number in range(1, groups + 1)]
    if len(found) != len(key) or sorted(found) != wanted:
        raise RowError("group_keys", count=groups)
    return [found[each] for each in wanted]


def require_texts(texts: Iterable[str], divider: str) -> list[str]:
    """Return clean texts, none empty and none holding what divides them in a line."""
    checked = [require_text(text, "选项", OPTION_LIMIT) for text in texts]
    for text in checked:
        if not text:
            raise RowError("group_empty")
        if divider in text or "\n" in text:
            raise RowError("group_divider", divider=divider, excerpt=text[:20])
    return checked
