"""Titles of what training is for, as msgids."""

from exam.standards.api import UnknownQualificationError, get_qualification


def title_of(qualification: str) -> str:
    """Return the title of a qualification, or the code of one that is no longer known."""
    try:
        return get_qualification(qualification).title
    except UnknownQualificationError:
        return qualification
