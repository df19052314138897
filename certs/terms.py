"""How long a credential holds, by its rule set; pure."""

from datetime import date, timedelta

import msgspec

from exam.standards.api import RuleSet


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """First and last day; `review_due_on` is the last day for the review (复审), None where the rules ask for none."""

    valid_from_on: date
    valid_until_on: date
    review_due_on: date | None


def term_of(rules: RuleSet, on: date) -> Term:
    """Return the term of a credential issued on a Shanghai date; raises NotStatedError where the rules state no term."""
    until = last_day_after(on, rules.credential_term_years.require())
    every = rules.review_every_years.value
    due = last_day_after(on, every) if isinstance(every, int) else None
    return Term(valid_from_on=on, valid_until_on=until, review_due_on=due if due is not None and due < until else None)


def last_day_after(start: date, years: int) -> date:
    """Return the day before the anniversary; of 29 February the anniversary in a common year is 1 March."""
    try:
        anniversary = start.replace(year=start.year + years)
    except ValueError:
        anniversary = date(start.year + years, 3, 1)
    return anniversary - timedelta(days=1)
