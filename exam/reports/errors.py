"""What can be wrong with a question about figures and with a report upward."""

from exam.core.errors import DomainError


class ReportDayError(DomainError):
    """The day lies in the future or before any figure."""

    code = "report_day"
    message = "请选择 2000 年以后、不晚于今天({today})的日期。"


class UnknownMeasureError(DomainError):
    """No figure has this code, or it has no rows of its own."""

    code = "measure_unknown"
    message = "没有这项指标。"
