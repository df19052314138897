"""What can be wrong with study hours."""

from exam.core.errors import DomainError, NotFoundError


class HoursOutOfRangeError(DomainError):
    """Zero, negative, or more than anyone can study for one qualification."""

    code = "hours_out_of_range"
    message = "学时应大于 0 且不超过 {limit}。"


class UnknownHoursKindError(DomainError):
    """No kind of training that the law knows."""

    code = "hours_kind"
    message = "学时类别应为初次培训、再培训或复审培训。"


class HoursSourceMissingError(DomainError):
    """Nobody stands for the hours."""

    code = "hours_source_missing"
    message = "请填写学时来源,例如培训机构和班次。"


class NobodyTrainedError(NotFoundError):
    """Nobody of this ID number is known."""

    code = "nobody_trained"
    message = "没有找到这个证件号码的学时记录,请核对号码。"
