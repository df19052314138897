"""What other packages may use of reports."""

from exam.reports.submission.due import Work, list_work

__all__ = ["Work", "list_work"]
