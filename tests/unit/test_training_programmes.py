"""The hours of a programme as lines that people read and type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.training.ledger.rules import hour_s
from exam.training.programmes.errors import NodeLineError
from exam.training.programmes.lines import read_lines, write_lines
from exam.training.programmes.service import NodeHours


def node(theory: float, practice: float = 0) -> NodeHours:
    return NodeHours(
        code="1.1", title="安全 生产", theory_s=round(theory * hour_s()), practice_s=round(practice * hour_s())
    )


def test_whole_tens_of_hours_keep_their_noughts() -> None:
    assert write_lines([node(10, 100)]) == "1.1 安全 生产 10 100"
    assert write_lines([node(0.5, 20)]) == "1.1 安全 生产 0.5 20"


@given(st.integers(0, 4000), st.integers(1, 4000))
def test_what_is_shown_is_read_as_it_was(theory: int, practice: int) -> None:
    one = node(theory / 4, practice / 4)
    assert read_lines(write_lines([one])) == [one]


@pytest.mark.parametrize(
    "text", ["1.1 安全", "1.1 安全 2 x", "1.1 安全 -1 0", "1.1 安全 1001 0", "1.1 甲 1 0\n1.1 乙 1 0"]
)
def test_line_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(NodeLineError):
        read_lines(text)
