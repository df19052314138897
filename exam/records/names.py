"""Titles of qualifications, roles and industries, as msgids."""

from exam.records.roster import ANY
from exam.standards.api import Category, UnknownQualificationError, get_qualification, load_catalogue

ROLES = {
    "principal": "主要负责人",
    "officer": "安全生产管理人员",
    "special": "特种作业人员",
}


def title_of(qualification: str) -> str:
    """Return the title of a qualification, of a category (`special.*`), or the code of one that is no longer known."""
    if qualification.endswith(ANY):
        return Category(qualification.removesuffix(ANY)).label
    try:
        return get_qualification(qualification).title
    except UnknownQualificationError:
        return qualification


def industry_of(code: str | None) -> str:
    """Return the title of an industry, or an empty text."""
    return next((each.title for each in load_catalogue().industries if each.code == code), "")
