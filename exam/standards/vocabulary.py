"""The keys of a rule set, read off `RuleSet` itself: type, range, Chinese title, and values in words."""

from functools import cache
from typing import Any, get_args, get_type_hints

import msgspec

from exam.standards.rule_sets import Explanation, Parameter, RuleSet

_WORDS: dict[object, str] = {
    True: "是",
    False: "否",
    "unlimited": "不限",
    "none": "无",
    "theory": "理论",
    "practical": "实际操作",
    "retrain": "重新参加培训",
    "reregister": "重新报名,不再培训",
    "junior-middle": "初中及以上",
    "senior-middle": "高中或者相当及以上",
    "all-or-nothing": "全对得分",
    "partial": "部分得分",
}
_HUNDREDTHS = frozenset(
    {"theory_full_marks", "theory_pass_mark", "practical_full_marks", "practical_pass_mark"},
)


@cache
def value_types() -> dict[str, Any]:
    """Return key → annotated value type, for `msgspec.convert`."""
    hints = get_type_hints(RuleSet, include_extras=True)
    return {key: get_args(hint)[0] for key, hint in hints.items() if key not in {"qualification", "version"}}


def title_of(key: str) -> str:
    """Return the Chinese title of a key, a message id."""
    metas = (meta for meta in value_types()[key].__metadata__ if isinstance(meta, msgspec.Meta))
    return next(meta.title for meta in metas if meta.title)


def explain(rules: RuleSet, key: str) -> Explanation:
    """Return one parameter in words; raises KeyError for a key outside the vocabulary."""
    if key not in value_types():
        raise KeyError(key)
    parameter: Parameter[Any] = getattr(rules, key)
    return Explanation(
        key=key,
        title=title_of(key),
        text=_in_words(key, parameter.value),
        source=parameter.source,
        mark=parameter.mark,
        mark_label=parameter.mark.label,
        rule_set=parameter.rule_set,
        stated=parameter.stated,
    )


def _in_words(key: str, value: object) -> str:
    if value is None:
        return "规则中未载明"
    if isinstance(value, tuple):
        return "、".join(_WORDS[str(part)] for part in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value / 100:g}" if key in _HUNDREDTHS else str(value)
    return _WORDS[value]
