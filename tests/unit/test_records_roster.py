"""The roster: who must hold what, who does, who is next."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.core.ids import new_id
from exam.records.holdings import months_later
from exam.records.roster import COUNTS, Held, Requirement, Standing, answers, ending, roster, standing_of, summarise

TODAY = date(2026, 11, 23)
PERSON = new_id()


def held(
    *,
    person_id: UUID = PERSON,
    qualification: str = "special.1.2",
    status: str = "issued",
    ends_in: int = 1000,
    review_in: int | None = None,
) -> Held:
    return Held(
        id=new_id(),
        person_id=person_id,
        qualification=qualification,
        number_masked="T330***",
        status=status,
        valid_from_on=TODAY - timedelta(days=400),
        valid_until_on=TODAY + timedelta(days=ends_in),
        review_due_on=None if review_in is None else TODAY + timedelta(days=review_in),
    )


def wanted(what: str = "special.*", *, person_id: UUID = PERSON, due_in: int | None = None) -> Requirement:
    return Requirement(
        engagement_id=new_id(),
        person_id=person_id,
        role=what.partition(".")[0],
        wanted=what,
        started_on=TODAY - timedelta(days=100),
        due_on=None if due_in is None else TODAY + timedelta(days=due_in),
    )


@pytest.mark.parametrize(
    ("credential", "standing"),
    [
        (held(ends_in=-1), Standing.EXPIRED),
        (held(ends_in=0), Standing.EXPIRING),
        (held(ends_in=90), Standing.EXPIRING),
        (held(ends_in=91), Standing.VALID),
        (held(review_in=-1), Standing.REVIEW_OVERDUE),
        (held(review_in=10), Standing.EXPIRING),
        (held(status="suspended"), Standing.SUSPENDED),
        (held(status="suspended", ends_in=-1), Standing.EXPIRED),
        (held(status="revoked"), Standing.REVOKED),
        (held(status="annulled"), Standing.MISSING),
        (None, Standing.MISSING),
    ],
)
def test_standing_follows_status_term_and_review(credential: Held | None, standing: Standing) -> None:
    assert standing_of(credential, TODAY) is standing


def test_category_wish_is_met_by_any_item_and_exact_wish_by_one() -> None:
    assert answers("special.*", "special.2.1")
    assert not answers("special.*", "officer.general")
    assert answers("officer.mine", "officer.mine")
    assert not answers("officer.mine", "officer.general")


def test_valid_credential_of_another_industry_leaves_the_post_uncovered() -> None:
    (line,) = roster([wanted("officer.mine", due_in=30)], [held(qualification="officer.general")], on=TODAY)
    assert (line.standing, line.held) == (Standing.MISSING, None)


def test_best_of_several_credentials_counts_for_the_post() -> None:
    good = held(qualification="special.2.1")
    (line,) = roster([wanted()], [held(status="revoked"), good, held(ends_in=-5)], on=TODAY)
    assert (line.standing, line.held) == (Standing.VALID, good)


def test_second_item_that_ends_soon_is_listed_though_the_post_is_covered() -> None:
    soon = held(ends_in=20)
    requirement = wanted()
    credentials = [held(qualification="special.2.1"), soon]
    lines = roster([requirement], credentials, on=TODAY)
    ends = ending([requirement], credentials, on=TODAY)
    assert ends == [soon]
    assert lines[0].others == 1
    assert summarise(lines, ends, on=TODAY).expiring == {30: 1, 60: 1, 90: 1}


def test_missing_comes_first_then_whoever_is_next() -> None:
    people = [new_id() for _ in range(4)]
    credentials = [
        held(person_id=people[0], ends_in=500),
        held(person_id=people[1], ends_in=5),
        held(person_id=people[2], status="revoked"),
    ]
    lines = roster([wanted(person_id=person) for person in people], credentials, on=TODAY)
    assert [line.requirement.person_id for line in lines] == [people[3], people[2], people[1], people[0]]


def test_overdue_assessment_comes_before_one_that_may_wait() -> None:
    late, early = wanted("officer.general", due_in=-3), wanted("officer.general", due_in=40, person_id=new_id())
    lines = roster([early, late], [], on=TODAY)
    assert [line.requirement for line in lines] == [late, early]


@given(st.lists(st.tuples(st.integers(-200, 400), st.sampled_from(["issued", "suspended", "revoked"])), max_size=8))
def test_counts_add_up_to_the_posts(terms: list[tuple[int, str]]) -> None:
    people = [new_id() for _ in terms]
    credentials = [
        held(person_id=person, ends_in=days, status=status)
        for person, (days, status) in zip(people, terms, strict=True)
    ]
    lines = roster([wanted(person_id=person) for person in people], credentials, on=TODAY)
    summary = summarise(lines, ending([wanted(person_id=person) for person in people], credentials, on=TODAY), on=TODAY)
    assert summary.valid + summary.missing == summary.wanted == len(terms)
    assert summary.valid == sum(line.standing in COUNTS for line in lines)
    assert summary.expiring[30] <= summary.expiring[60] <= summary.expiring[90] <= summary.valid


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 5, 20), 6, date(2026, 11, 20)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 12, 1), 12, date(2027, 12, 1)),
    ],
)
def test_months_end_within_the_month(start: date, months: int, end: date) -> None:
    assert months_later(start, months) == end
