"""What can be wrong with a question about figures and with a report upward."""

from exam.core.errors import ConflictError, DomainError, ForbiddenError


class ReportDayError(DomainError):
    """The day lies in the future or before any figure."""

    code = "report_day"
    message = "请选择 2000 年以后、不晚于今天({today})的日期。"


class UnknownMeasureError(DomainError):
    """No figure has this code, or it has no rows of its own."""

    code = "measure_unknown"
    message = "没有这项指标。"


class UnknownPartError(DomainError):
    """No category or no industry has this code."""

    code = "report_part_unknown"
    message = "没有这个人员类别或行业,请重新选择。"


class ReportOpenError(ConflictError):
    """A version of this report is already being filled in or on its way."""

    code = "report_open"
    message = "这一期的报表已经在填报或报送中,已为您打开。"


class ReportPeriodError(ConflictError):
    """The period has not ended yet, or this region owes no such report."""

    code = "report_period"
    message = "这一期还没有结束,或本级不报送这种报表。"


class ReportStateError(ConflictError):
    """The report is in another state by now."""

    code = "report_state"
    message = "报表的状态已经改变,请刷新后再看。"


class ReportRulesError(DomainError):
    """Rules between the tables are broken."""

    code = "report_rules"
    message = "表间校验没有通过,请按提示更正后再签发。"


class ReportEntryError(DomainError):
    """A number is missing or none."""

    code = "report_entry"
    message = "请填写不小于零的整数。"


class ReportLevelError(ForbiddenError):
    """Filling in is for the reporting region, receiving for the level above."""

    code = "report_level"
    message = "报表由本级填报、签发,由上一级接收或退回。"


class ReportReasonError(DomainError):
    """A report is returned without a word why."""

    code = "report_reason"
    message = "请写明退回的理由。"
