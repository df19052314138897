"""Which roles one person may hold, and who is staff."""

from itertools import permutations

import pytest

from exam.identity.roles import ADMINISTRATORS, NEEDS_ORGANISATION, TITLES, Role, conflict_between, needs_second_factor
from exam.web.policy import ONE_FACTOR_ROLES


@pytest.mark.parametrize(("held", "wanted"), list(permutations(Role, 2)))
def test_conflicts_work_both_ways(held: Role, wanted: Role) -> None:
    one = conflict_between(frozenset({held}), wanted)
    other = conflict_between(frozenset({wanted}), held)
    assert (one is None) == (other is None)


@pytest.mark.parametrize(("held", "wanted"), list(permutations(sorted(ADMINISTRATORS), 2)))
def test_the_three_administrators_are_three_people(held: Role, wanted: Role) -> None:
    assert conflict_between(frozenset({held}), wanted) is held


@pytest.mark.parametrize("administrator", sorted(ADMINISTRATORS))
@pytest.mark.parametrize("other", sorted(set(Role) - ADMINISTRATORS))
def test_no_administrator_holds_an_exam_right(administrator: Role, other: Role) -> None:
    assert conflict_between(frozenset({other}), administrator) is other


@pytest.mark.parametrize(("held", "wanted"), list(permutations((Role.AUTHOR, Role.REVIEWER, Role.PUBLISHER), 2)))
def test_who_writes_does_not_review_and_who_reviews_does_not_publish(held: Role, wanted: Role) -> None:
    assert conflict_between(frozenset({Role.PROCTOR, held}), wanted) is held


def test_a_role_may_be_held_in_two_regions() -> None:
    assert conflict_between(frozenset({Role.AUTHOR}), Role.AUTHOR) is None


def test_proctor_and_assessor_go_together() -> None:
    assert conflict_between(frozenset({Role.PROCTOR}), Role.ASSESSOR) is None


def test_staff_need_two_factors_and_others_one() -> None:
    assert [role for role in Role if not needs_second_factor({role})] == [Role.CANDIDATE, Role.ENTERPRISE]
    assert needs_second_factor({Role.CANDIDATE, Role.PROCTOR})
    assert not needs_second_factor(set())


def test_every_role_has_a_title_and_the_shell_knows_the_one_factor_ones() -> None:
    assert set(TITLES) == set(Role)
    assert {Role.CANDIDATE.value, Role.ENTERPRISE.value} == ONE_FACTOR_ROLES
    assert set(Role) >= NEEDS_ORGANISATION
