"""What a candidate is reminded of at home, and from which day on."""

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from certs.api import CredentialView
from certs.duties import Duty, DutyKind
from exam.core.clock import SHANGHAI
from exam.core.ids import new_id
from exam.desks.reminding import Reminder, remind
from exam.sitting.api import SittingView
from exam.training.api import ClassView

TODAY = date(2026, 11, 27)
NOW = datetime(2026, 11, 27, 9, tzinfo=SHANGHAI)


def view(of: type[msgspec.Struct], **known: Any) -> Any:
    """Return a view of which only what is reminded of is known."""
    return of(**(dict.fromkeys(of.__struct_fields__) | known))


def held(left: int, kind: DutyKind | None = None, *, opens: int = 0, status: str = "issued") -> CredentialView:
    until = TODAY + timedelta(days=left)
    duty = kind and view(Duty, kind=kind, until_on=until, opens_on=until - timedelta(days=opens))
    # the end of the term lies behind the next duty
    valid_until = until + timedelta(days=365) if kind is DutyKind.REVIEW else until
    found: CredentialView = view(
        CredentialView, title="低压电工作业", status=status, valid_until=valid_until, duty=duty
    )
    return found


def reminded(*credentials: CredentialView) -> list[Reminder]:
    return remind(credentials, (), (), now=NOW)


@pytest.mark.parametrize(("left", "band"), [(0, 30), (30, 30), (31, 60), (60, 60), (61, 90), (90, 90)])
def test_a_certificate_is_reminded_of_in_three_bands(left: int, band: int) -> None:
    (one,) = reminded(held(left))
    assert (one.kind, one.left, one.band) == ("expiry", left, band)


@pytest.mark.parametrize(
    "credential", [held(91), held(-1), held(10, status="suspended"), held(10, status="superseded")]
)
def test_nothing_is_said_of_what_is_far_over_or_not_in_force(credential: CredentialView) -> None:
    assert reminded(credential) == []


def test_what_is_due_first_is_said_with_the_day_from_which_it_is_taken() -> None:
    review = held(20, DutyKind.REVIEW, opens=60)
    renewal = held(80, DutyKind.RENEWAL, opens=60)
    assert [(one.kind, one.left, one.opens_on) for one in reminded(renewal, review)] == [
        ("review", 20, None),
        ("renewal", 80, TODAY + timedelta(days=20)),
    ]


def test_what_is_applied_for_already_says_so() -> None:
    one, other = (msgspec.structs.replace(held(20, DutyKind.RENEWAL), id=new_id()) for _ in range(2))
    found = remind((one, other), (), (), now=NOW, asked={one.id})
    assert sorted(each.is_asked for each in found) == [False, True]


def test_an_exam_is_reminded_of_a_week_before_and_a_class_two() -> None:
    sittings = [
        ("焊接", view(SittingView, starts_at=NOW + timedelta(days=days, hours=10), centre_name="考点"))
        for days in (6, 8)
    ]
    classes = [view(ClassView, title="初训班", ends_on=TODAY + timedelta(days=days)) for days in (-1, 14, 15)]
    assert [(one.kind, one.left, one.place) for one in remind((), sittings, classes, now=NOW)] == [
        ("sitting", 6, "考点"),
        ("training", 14, ""),
    ]
