"""简答: answered in words of one's own, marked by two people, and by a third where they differ (QTI extended text interaction)."""

from collections.abc import Sequence
from typing import Final

from questionbank.formats.refusals import RowError
from questionbank.formats.wording import OPTION_LIMIT, require_text
from questionbank.formats.words import fold
from questionbank.interactions.kind import Kind, Labelled, Settled
from questionbank.items.content import Interaction, ItemContent, Option

MOST_POINTS: Final = 30
_NOTHING: Final = frozenset({"", "略"})
"""What no marker can mark by: books print 略 where they leave the answer out."""


class ExtendedText(Kind):
    """简答题: no options; the key holds the points that markers look for (参考答案要点), which no candidate sees."""

    interaction = Interaction.EXTENDED_TEXT
    name = "简答题"
    words = "简答 简答题 问答题 论述 论述题 名词解释 extended_text extendedtext essay"
    rule = "marked"
    lines = "参考答案的要点,每行一个;两位考评员据此各自评阅,考生看不到。"

    def settle(self, stem: str, options: tuple[Option, ...], key: str | tuple[str, ...]) -> Settled:
        del stem
        given = tuple(key.split("\n")) if isinstance(key, str) else key
        lines = [option.text for option in options] if options else given
        points = tuple(line for each in lines if fold(line := require_text(each, "答案", OPTION_LIMIT)) not in _NOTHING)
        if not points:
            raise RowError("reference_missing")
        if len(points) > MOST_POINTS:
            raise RowError("reference_count", count=len(points), most=MOST_POINTS)
        return (), points

    def key_of(self, content: ItemContent, labels: Labelled) -> tuple[str, ...]:
        del content, labels
        return ()

    def accepted(self, content: ItemContent) -> tuple[str, ...]:
        """Return the points: what markers are shown."""
        return content.key

    def told(self, options: Labelled, key: Sequence[str]) -> tuple[str, ...]:
        del options
        return tuple(key)

    def cell(self, content: ItemContent) -> str:
        return "\n".join(content.key)

    def typed(self, content: ItemContent) -> list[str]:
        return list(content.key)
