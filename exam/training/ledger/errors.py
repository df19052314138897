"""What can be wrong with hours and claims of hours."""

from exam.core.errors import ConflictError, DomainError, NotFoundError


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


class HoursClaimStateError(ConflictError):
    """The claim has been decided, or is none of this region."""

    code = "hours_claim_state"
    message = "这笔学时已经复核过,或者不在本辖区。请刷新后再看。"


class PersonElsewhereError(ConflictError):
    """The number belongs to somebody whom this region does not know."""

    code = "id_number_elsewhere"
    message = "此人是外辖区人员,不能在这里登记学时。请先在本辖区报名培训班或考试。"
