"""How many forms a sitting keeps for whoever comes late."""

from hypothesis import given
from hypothesis import strategies as st

from exam.sitting.forms import standby_for


@given(st.lists(st.integers(1, 60), max_size=8))
def test_every_room_has_two_standby_forms_and_five_in_a_hundred(rooms: list[int]) -> None:
    kept = standby_for(rooms)
    assert kept >= max(2, 2 * len(rooms), sum(rooms) / 20)
    assert kept <= max(2, sum(max(2, registered / 20 + 1) for registered in rooms))
