"""What can be wrong with study hours."""

from exam.core.errors import DomainError


class HoursOutOfRangeError(DomainError):
    """Zero, negative, or more than anyone can study for one qualification."""

    code = "hours_out_of_range"
    message = "学时应大于 0 且不超过 {limit}。"


class UnknownHoursKindError(DomainError):
    """Neither initial training nor retraining."""

    code = "hours_kind"
    message = "学时类别应为初次培训或再培训。"


class HoursSourceMissingError(DomainError):
    """Nobody stands for the hours."""

    code = "hours_source_missing"
    message = "请填写学时来源,例如培训机构和班次。"
