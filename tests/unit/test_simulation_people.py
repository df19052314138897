"""Invented people."""

from exam.cli.simulation.people import Invented


def test_nobody_comes_twice_in_a_stream() -> None:
    invented = Invented(1)
    numbers = [invented.next()[1] for _ in range(20_000)]
    assert len(set(numbers)) == len(numbers)
