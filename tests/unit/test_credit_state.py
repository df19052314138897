"""The process from a lead to a decision: every step from every state, and the rules as data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.records.credit.rules import load_rules
from exam.records.credit.state import FOLLOWS, TOLD, ClueState, ClueStateError, require_step
from exam.web.i18n import Catalogue
from proctor.api import DISPOSITION_WORDS, taxonomy

STATES = st.sampled_from(list(ClueState))


@given(st.lists(STATES, max_size=12))
def test_nobody_is_punished_unheard_untold_or_by_one_person(wanted: list[ClueState]) -> None:
    """Try any steps in any order: what is decided was drafted before, and what was drafted had been told."""
    state, passed = ClueState.FOUND, [ClueState.FOUND]
    for step in wanted:
        if step in FOLLOWS[state]:
            require_step(state, step)
            state = step
            passed.append(step)
        else:
            with pytest.raises(ClueStateError):
                require_step(state, step)
    if state in {ClueState.DECIDED, ClueState.CLOSED}:
        assert passed[-2] is ClueState.DRAFTED
        assert ClueState.NOTICED in passed
    assert (ClueState.NOTICED in passed) == (state in TOLD)


def test_rules_name_what_exists_and_have_both_languages() -> None:
    english = Catalogue(["exam.records"]).english
    for rule in load_rules():
        assert {rule.title, rule.basis, rule.consequence} <= english.keys(), rule.code
        assert set(rule.categories) <= taxonomy().keys()
        assert set(rule.dispositions) <= DISPOSITION_WORDS.keys()
        assert {ban.basis for ban in rule.bans} <= english.keys()
        assert rule.mark.binds
