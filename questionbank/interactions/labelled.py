"""判断, 单选, 多选: answered by naming options."""

from collections.abc import Sequence

from questionbank.formats.keys import check_ids, require_letters, require_truth
from questionbank.formats.options import LETTERS
from questionbank.formats.refusals import RowError
from questionbank.interactions.kind import Kind, Labelled, Settled, Shown
from questionbank.items.content import FALSE, TRUE, Interaction, ItemContent, Option

JUDGEMENT_OPTIONS = ((TRUE, "正确"), (FALSE, "错误"))


class Judgement(Kind):
    """判断题: true or false; the two options are the interaction's own."""

    interaction = Interaction.JUDGEMENT
    name = "判断题"
    words = "判断 判断题 是非 是非题 对错题 judgement judgment truefalse true_false tf bool"

    def settle(self, stem: str, options: tuple[Option, ...], key: str | tuple[str, ...]) -> Settled:
        del stem
        return (), (require_truth(key if isinstance(key, str) else "".join(key), options),)

    def show(self, content: ItemContent, order: Sequence[int]) -> Shown:
        del content, order
        return Shown(JUDGEMENT_OPTIONS, ())

    def key_of(self, content: ItemContent, labels: Labelled) -> tuple[str, ...]:
        del labels
        return content.key

    def cell(self, content: ItemContent) -> str:
        return dict(JUDGEMENT_OPTIONS)[content.key[0]]

    def told(self, options: Labelled, key: Sequence[str]) -> tuple[str, ...]:
        """Return 正确 or 错误 as message ids: they have no letters."""
        return tuple(text for label, text in options if label in key)

    def written(self, content: ItemContent) -> Labelled:
        del content
        return JUDGEMENT_OPTIONS


class Choice(Kind):
    """单选题: one option is right."""

    interaction = Interaction.CHOICE
    name = "单选题"
    words = "单选 单选题 单项选择 单项选择题 选择 选择题 single single_choice singlechoice choice radio"
    reordered = True

    def settle(self, stem: str, options: tuple[Option, ...], key: str | tuple[str, ...]) -> Settled:
        del stem
        if not 1 < len(options) <= len(LETTERS):
            raise RowError("option_count", count=len(options), least=2, most=len(LETTERS))
        ids = require_letters(key, options) if isinstance(key, str) else key
        return options, check_ids(ids, options, self.name, several=self.interaction is Interaction.MULTIPLE)

    def weighed(self, content: ItemContent) -> Labelled:
        return tuple((option.id, option.id) for option in content.options)


class Multiple(Choice):
    """多选题: two options or more are right."""

    interaction = Interaction.MULTIPLE
    name = "多选题"
    words = "多选 多选题 多项选择 多项选择题 不定项 不定项选择题 multiple multiple_choice multi multi_choice checkbox"
