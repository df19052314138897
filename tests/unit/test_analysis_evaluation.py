"""The drawn clips go through codec, detector and watch as in an exam; the whole set is `ankao bench analysis`."""

from exam.cli.bench.analysis import CLIPS as BENCHED
from proctor.analysis.accuracy import measure_faces
from proctor.analysis.evaluation.clips import CLIPS
from proctor.analysis.evaluation.evaluate import DRAWN, evaluate
from proctor.analysis.evaluation.portraits import Pose, draw_portrait, make_traits

QUICK = ("hand_before_the_lens", "empty_seat", "second_person_behind", "writing")


def test_every_observation_has_its_clip_and_some_clips_have_none() -> None:
    assert {each.kind for each in CLIPS} == {*DRAWN, ""}
    assert len(CLIPS) == BENCHED


def test_the_quick_clips_are_judged_right_and_a_wrong_truth_is_found() -> None:
    clips = [each for each in CLIPS if each.name in QUICK]
    found = evaluate(seats=1, clips=clips)
    assert found.faults == []
    assert {kind for kind, tally in found.tallies.items() if tally.right} == {"dark", "no_face", "several_faces"}
    lying = [type(each)(each.name, "moved", each.during) for each in clips if each.name == "empty_seat"]
    found = evaluate(seats=1, clips=lying)
    assert (found.tallies["moved"].recall, found.tallies["no_face"].precision) == (0.0, 0.0)


def test_drawn_people_are_the_same_each_time_and_differ_from_each_other() -> None:
    one, other = (draw_portrait(each, Pose()) for each in make_traits(2))
    assert (one == draw_portrait(make_traits(2)[0], Pose())).all()
    assert (one != other).any()


def test_nobody_drawn_is_taken_for_somebody_else_under_the_own_photo() -> None:
    found = measure_faces(None, drawn=2)
    assert (found.people, found.precision) == (2, 1.0)
