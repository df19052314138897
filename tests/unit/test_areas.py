from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.core.areas import Area, find_area, find_point

PIXEL = st.integers(0, 1023)


@pytest.mark.parametrize(
    ("area", "inside", "outside"),
    [
        ("rect 10,20,110,80", [(10, 20), (110, 80), (60, 50)], [(9, 20), (111, 80), (60, 81)]),
        ("circle 50,60,20", [(50, 80), (62, 76), (50, 60)], [(65, 75), (71, 60)]),
        ("ellipse 50,60,30,20", [(80, 60), (50, 40), (68, 76)], [(69, 77), (50, 39)]),
        ("poly 0,0,10,0,10,10", [(0, 0), (5, 5), (10, 3), (9, 1)], [(4, 5), (11, 3)]),
        ("poly 0,0,10,0,10,10,5,3,0,10", [(1, 8), (9, 8), (5, 3)], [(5, 4), (5, 9)]),
        ("门旁 @ rect 1,1,2,2", [(1, 2)], [(3, 3)]),
    ],
)
def test_a_point_lies_in_an_area_or_on_its_edge(
    area: str, inside: list[tuple[int, int]], outside: list[tuple[int, int]]
) -> None:
    found = find_area(area)
    assert found is not None
    assert str(found) == area.rpartition("@")[2].strip()
    assert all(map(found.holds, [*inside, found.inside()]))
    assert not any(map(found.holds, outside))


@pytest.mark.parametrize(
    "text",
    ["", "rect", "rect 1,2,3", "rect 5,5,5,9", "rect 9,1,5,9", "circle 5,5,0", "circle 5,5", "ellipse 5,5,1,0",
     "poly 1,1,2,2", "poly 1,1,2,2,3", "poly 1,1,2,2,1,1", "star 1,2,3", "rect -1,2,3,4", "rect １,２,３,４", "1,2"],
)  # fmt: skip
def test_what_has_no_inside_is_no_area(text: str) -> None:
    assert find_area(text) is None


@given(st.lists(st.tuples(PIXEL, PIXEL), min_size=3, max_size=8), st.tuples(PIXEL, PIXEL))
def test_a_polygon_holds_what_a_ray_crosses_oddly(corners: list[tuple[int, int]], point: tuple[int, int]) -> None:
    area, (x, y) = Area("poly", tuple(each for corner in corners for each in corner)), point
    sides = list(zip(corners, [*corners[1:], corners[0]], strict=True))
    crossed = [ax + Fraction((y - ay) * (bx - ax), by - ay) for (ax, ay), (bx, by) in sides if (ay > y) != (by > y)]
    if x not in crossed and all(y != each for _, each in corners):
        assert area.holds(point) == (sum(each > x for each in crossed) % 2 == 1)


@given(st.text(max_size=40))
def test_any_text_is_a_point_or_none(text: str) -> None:
    point = find_point(text)
    assert point is None or find_point(f"{point[0]},{point[1]}") == point
