"""What other packages may use of records."""

from exam.records.board import SittingLine, list_today
from exam.records.entries import EnterpriseEntryView, PersonEntryView, list_enterprise_entries, list_person_entries
from exam.records.figures import Figures, count_region, list_usable_credentials, total
from exam.records.holdings import OrganisationRoster, list_enterprises, load_roster
from exam.records.names import title_of
from exam.records.period import Period, Span, period_of
from exam.records.roster import Standing

__all__ = [
    "EnterpriseEntryView",
    "Figures",
    "OrganisationRoster",
    "Period",
    "PersonEntryView",
    "SittingLine",
    "Span",
    "Standing",
    "count_region",
    "list_enterprise_entries",
    "list_enterprises",
    "list_person_entries",
    "list_today",
    "list_usable_credentials",
    "load_roster",
    "period_of",
    "title_of",
    "total",
]
