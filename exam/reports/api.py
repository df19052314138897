"""What other packages may use of reports."""

from exam.reports.submission.due import Work, list_work
from exam.reports.submission.seeding import ReportStaff, seed_reports

__all__ = ["ReportStaff", "Work", "list_work", "seed_reports"]
