"""A practical sheet as its assessors signed it."""

from datetime import datetime
from uuid import UUID

import msgspec

from exam.standards.api import recall_rule_set
from grading.models import PracticalSheet
from grading.practical import Dispute, Sheet, find_dispute
from grading.schemes import get_group


class SheetView(msgspec.Struct, frozen=True, kw_only=True):
    """One take of a practical part; marks are hundredths by station code, vetoes are codes."""

    id: UUID
    registration_id: UUID
    person_id: UUID
    qualification: str
    region: str
    rule_set: str
    take: int
    state: str
    first_by: UUID
    first_marks: dict[str, int]
    first_vetoes: list[str]
    first_note: str
    first_at: datetime
    second_by: UUID | None
    second_marks: dict[str, int] | None
    second_vetoes: list[str] | None
    second_note: str | None
    second_at: datetime | None
    settled_by: UUID | None
    settled_marks: dict[str, int] | None
    settled_vetoes: list[str] | None
    settled_note: str | None
    settled_at: datetime | None


def sheet_view(row: PracticalSheet) -> SheetView:
    """Return the frozen view of a row."""
    return SheetView(**{name: getattr(row, name) for name in SheetView.__struct_fields__})


def dispute_of(view: SheetView) -> Dispute | None:
    """Return where a sheet's two assessors differ, or None."""
    if view.second_by is None:
        return None
    scheme = get_group(view.qualification).scheme(recall_rule_set(view.qualification, view.rule_set))
    return find_dispute(scheme, first_sheet(view), second_sheet(view))


def first_sheet(row: PracticalSheet | SheetView) -> Sheet:
    """Return the first assessor's marks as the scoring takes them."""
    return Sheet(assessor=str(row.first_by), marks=row.first_marks, vetoes=frozenset(row.first_vetoes))


def second_sheet(row: PracticalSheet | SheetView) -> Sheet:
    """Return the second assessor's marks as the scoring takes them."""
    vetoes = frozenset(row.second_vetoes or ())
    return Sheet(assessor=str(row.second_by), marks=row.second_marks or {}, vetoes=vetoes)
