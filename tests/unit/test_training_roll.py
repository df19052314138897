"""The classroom's code and what signs speak for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from exam.training.attendance.code import code_at, is_fresh
from exam.training.attendance.errors import RollTimesError
from exam.training.attendance.forms import read_roll
from exam.training.attendance.roll import Sighting, propose
from exam.training.attendance.views import Presence, Status
from exam.training.classes.views import SessionView
from exam.training.ledger.rules import recall_rules

SECRET = b"k" * 32
ONE, TWO = UUID(int=1), UUID(int=2)
NINE = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
SESSION = SessionView(
    id=ONE,
    class_id=TWO,
    region="33",
    starts_at=NINE,
    ends_at=NINE + timedelta(hours=2),
    venue_id=ONE,
    venue_name="",
    teacher_id=ONE,
    teacher_name="",
    node="1.1",
    node_title="",
    part="theory",
    filed_at=NINE - timedelta(days=1),
)
RULES = recall_rules("ledger@1")


def test_code_lives_for_its_half_minute_and_two_more() -> None:
    code = code_at(SECRET, ONE, 600_000, 30)
    assert code_at(SECRET, ONE, 629_999, 30) == code
    assert code_at(SECRET, ONE, 630_000, 30) != code
    assert [is_fresh(code, SECRET, ONE, at, 30) for at in (599_999, 600_000, 689_999, 690_000)] == [
        False,
        True,
        True,
        False,
    ]


def test_code_is_for_one_session_and_cannot_be_made_without_the_secret() -> None:
    code = code_at(SECRET, ONE, 600_000, 30)
    assert not is_fresh(code, SECRET, TWO, 600_000, 30)
    assert not is_fresh(code_at(b"x" * 32, ONE, 600_000, 30), SECRET, ONE, 600_000, 30)
    assert not is_fresh("", SECRET, ONE, 600_000, 30)
    assert not is_fresh("二维码", SECRET, ONE, 600_000, 30)


@pytest.mark.parametrize(
    ("came", "left", "expected"),
    [
        (-5, 120, (0, 120)),
        (10, None, (0, 120)),
        (11, None, (11, 120)),
        (0, 130, (0, 120)),
        (0, 90, (0, 90)),
        (None, 120, None),
        (125, None, None),
    ],
)
def test_signs_propose_the_attendance(came: int | None, left: int | None, expected: tuple[int, int] | None) -> None:
    in_at, out_at = (None if minutes is None else NINE + timedelta(minutes=minutes) for minutes in (came, left))
    seen = Sighting(in_at, out_at)
    proposed = propose(seen, SESSION, RULES)
    if expected is None:
        assert proposed == Presence(status=Status.ABSENT)
    else:
        times = [NINE + timedelta(minutes=minutes) for minutes in expected]
        assert proposed == Presence(status=Status.PRESENT, from_at=times[0], until_at=times[1])


def test_roll_reads_every_learner_and_takes_empty_times_for_the_whole_session() -> None:
    fields = {
        f"who.{ONE}": "1",
        f"here.{ONE}": "1",
        f"from.{ONE}": "",
        f"until.{ONE}": "10:30",
        f"who.{TWO}": "1",
        "_csrf_token": "x",
    }
    roll = read_roll(fields, SESSION)
    assert roll[ONE].until_at == NINE + timedelta(minutes=90)
    assert roll[ONE].from_at == NINE
    assert roll[TWO].status is Status.ABSENT
    with pytest.raises(RollTimesError):
        read_roll({**fields, f"from.{ONE}": "noon"}, SESSION)
