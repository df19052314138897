"""What a seat's picture is said to show: each condition in its time, and nothing else beside it."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis.signals import HEIGHT, WIDTH, Grey
from proctor.analysis.thresholds import KINDS, Rule, thresholds
from proctor.analysis.watch import GAP_S, SETTLE_S, Change, Hysteresis, SeatWatch

EVERY_S = 4.0
NOISE = np.random.Generator(np.random.PCG64(7))


def room(*, shift: int = 0, light: float = 1.0) -> Grey:
    """Draw a room with a window, a shelf and a person, as a sensor that trembles sees it."""
    picture = np.full((HEIGHT, WIDTH), 120.0)
    picture[10:40, 8:28] = 210
    picture[14:100, 140:156] = 60
    picture[:8, 60:100] = 170
    picture[50:120, 55:105] = 90
    picture = np.roll(picture, shift, axis=1) * light + NOISE.normal(0, 4, (HEIGHT, WIDTH))
    return np.clip(picture, 0, 255).astype(np.uint8)


def black() -> Grey:
    return np.clip(NOISE.normal(6, 3, (HEIGHT, WIDTH)), 0, 255).astype(np.uint8)


class Course:
    """Shows pictures to a watch, four seconds apart, and keeps what it says."""

    def __init__(self, standing: Iterable[str] = ()) -> None:
        self.watch = SeatWatch(thresholds(), standing)
        self.at = 1000.0
        self.said: list[Change] = []

    def show(
        self,
        seconds: float,
        picture: Grey | None = None,
        *,
        faces: int | None = 1,
        apart: float | None = None,
        shift: int = 0,
        light: float = 1.0,
    ) -> "Course":
        until = self.at + seconds
        while self.at < until:
            self.at += EVERY_S
            shown = room(shift=shift, light=light) if picture is None else picture
            self.said += self.watch.silence(self.at, live=True)
            self.said += self.watch.picture(self.at, shown, faces, apart)
        return self

    def silent(self, seconds: float) -> "Course":
        until = self.at + seconds
        while self.at < until:
            self.at += 2
            self.said += self.watch.silence(self.at, live=False)
        return self

    @property
    def kinds(self) -> list[tuple[str, bool]]:
        return [(each.kind, each.begins) for each in self.said]


def test_a_quiet_candidate_is_no_observation() -> None:
    course = Course()
    for light in (1.0, 0.9, 0.8, 0.95):
        course.show(100, light=light)
    assert course.said == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_condition_is_observed_in_its_time_and_ends(kind: str) -> None:
    course, rule = Course().show(40), thresholds().rules[kind]
    began = course.at
    scenes = {
        "gone": lambda: course.silent(rule.after_s + 6),
        "frozen": lambda: course.show(rule.after_s + 10, room()),
        "dark": lambda: course.show(rule.after_s + 10, black(), faces=0),
        "moved": lambda: course.show(rule.after_s + 10, shift=70),
        "no_face": lambda: course.show(rule.after_s + 10, faces=0),
        "several_faces": lambda: course.show(rule.after_s + 10, faces=2),
        "other_face": lambda: course.show(rule.after_s + 10, apart=0.75),
    }
    scenes[kind]()
    assert course.kinds == [(kind, True)]
    assert 0 <= course.said[0].at - began <= 2 * EVERY_S
    course.show(60, apart=0.3)
    assert course.kinds == [(kind, True), (kind, False)]
    assert course.said[1].at > course.said[0].at


def test_a_rooms_own_rules_are_followed_from_the_next_picture_on() -> None:
    patient, blind = thresholds().with_room({"no_face": 60}), thresholds().with_room({"no_face": 0})
    course = Course().show(40)
    assert course.watch.follow(patient, course.at) == []
    assert course.show(48, faces=0).said == []
    assert course.show(20, faces=0).kinds == [("no_face", True)]
    assert course.watch.follow(blind, course.at) == [Change("no_face", begins=False, at=course.at)]
    assert course.watch.follow(blind, course.at) == []
    assert course.show(60, faces=0).kinds == [("no_face", True)]
    course.watch.follow(thresholds(), course.at)
    assert course.show(28, faces=0).kinds == [("no_face", True), ("no_face", True)]


@pytest.mark.parametrize("kind", ["dark", "moved", "no_face", "several_faces"])
def test_what_passes_quickly_is_not_observed(kind: str) -> None:
    course = Course().show(40)
    for _ in range(5):
        match kind:
            case "dark":
                course.show(EVERY_S, black(), faces=0)
            case "moved":
                course.show(EVERY_S, shift=70)
            case "no_face":
                course.show(EVERY_S * 2, faces=0)
            case _:
                course.show(EVERY_S, faces=2)
        course.show(EVERY_S * 2)
    assert course.said == []


def test_an_empty_seat_may_stand_still() -> None:
    course = Course().show(40).show(200, room(), faces=0)
    assert course.kinds == [("no_face", True)]


def test_in_the_dark_nothing_is_said_of_faces() -> None:
    course = Course().show(40).show(200, black(), faces=0)
    assert course.kinds == [("dark", True)]


def test_a_new_place_of_the_camera_becomes_the_usual_one() -> None:
    course = Course().show(40).show(SETTLE_S + 60, shift=70)
    assert course.kinds == [("moved", True), ("moved", False)]
    course.show(60, shift=70)
    assert len(course.said) == 2


def test_a_time_without_pictures_counts_for_nothing() -> None:
    course = Course().show(40).show(8, faces=0)
    course.at += 3600
    course.show(8, faces=0)
    assert course.said == []
    assert GAP_S > 8


def test_what_stood_before_this_process_ends_when_it_is_over() -> None:
    course = Course(["no_face", "gone"]).show(60)
    assert sorted(course.kinds) == [("gone", False), ("no_face", False)]


def test_a_candidate_who_rests_is_observed_no_more() -> None:
    course = Course().show(40).show(60, faces=0)
    assert [(each.kind, each.begins) for each in course.watch.rest(course.at)] == [("no_face", False)]
    assert course.watch.rest(course.at) == []


def test_where_nobody_counts_faces_nothing_is_said_of_them() -> None:
    assert Course().show(300, faces=None).said == []


def test_a_room_has_its_own_seconds_and_may_leave_a_kind_out() -> None:
    own = thresholds().with_room({"no_face": 120, "moved": 0})
    assert own.rules["no_face"].after_s == 120
    assert "moved" not in own.rules
    assert own.rules["dark"] == thresholds().rules["dark"]
    course = Course().show(40)
    course.watch = SeatWatch(own)
    assert course.show(40).show(100, faces=0).show(60, shift=70).said == []


@given(st.lists(st.sampled_from([True, False, None]), max_size=60))
def test_a_condition_that_turns_has_held_long_enough(holds: list[bool | None]) -> None:
    rule = Rule(after_s=10, clear_s=6)
    each, stood = Hysteresis(rule), False
    for number, held in enumerate(holds):
        since = each.update(number * 2.0, held)
        if since is None:
            assert each.stands is stood
            continue
        first = int(since / 2)
        assert all(one is (not stood) for one in holds[first : number + 1])
        assert number * 2.0 - since >= (rule.clear_s if stood else rule.after_s)
        stood = each.stands
