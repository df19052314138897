"""The drawn clips go through codec, detector and watch as in an exam; the whole set is `ankao bench analysis`."""

from exam.cli.bench.analysis import CLIPS as BENCHED
from proctor.analysis.evaluation.clips import CLIPS
from proctor.analysis.evaluation.evaluate import DRAWN, evaluate

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
