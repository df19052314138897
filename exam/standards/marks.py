"""How sure a stated value is, and whether it may bind anyone."""

from enum import StrEnum


class Mark(StrEnum):
    """The standing of a value's source; only a binding mark lets the value be enforced."""

    READ = "V"
    """Read in the source itself."""
    SECOND_HAND = "V2"
    """Read in a report about the source."""
    COMPUTED = "C"
    UNVERIFIED = "U"
    """Believed, not verified: never shown as law, never enforced."""
    ABSENT = "absent"
    """Looked for and not found, or ended by the rule."""
    POLICY = "policy"
    """This system's own setting where no rule states one: enforced, and shown as a setting."""

    @property
    def binds(self) -> bool:
        return self in _BINDING

    @property
    def label(self) -> str:
        """The Chinese name, a message id."""
        return _TITLES[self]


_BINDING = frozenset({Mark.READ, Mark.SECOND_HAND, Mark.COMPUTED, Mark.POLICY})
_TITLES = {
    Mark.READ: "已核对原文",
    Mark.SECOND_HAND: "二手来源",
    Mark.COMPUTED: "经计算核对",
    Mark.UNVERIFIED: "未核实",
    Mark.ABSENT: "规则中未载明",
    Mark.POLICY: "本系统设定",
}
