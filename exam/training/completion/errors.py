"""What can be wrong with a certificate of completed training."""

from exam.core.errors import ConflictError, DomainError, NotFoundError


class CompletionNotFoundError(NotFoundError):
    """No such certificate of completed training, or none of the scope."""

    code = "completion_not_found"
    message = "没有找到这份培训合格证明。"


class CompletionExistsError(ConflictError):
    """The learner has one, signed or to be signed."""

    code = "completion_exists"
    message = "已经出具过培训合格证明。"


class CompletionEarlyError(ConflictError):
    """The class has not begun."""

    code = "completion_early"
    message = "培训班 {first} 才开课,现在还不能出具培训合格证明。"


class CompletionShortError(ConflictError):
    """Hours are missing, of the total or of single nodes."""

    code = "completion_short"
    message = "学时还差 {hours} 学时,不能出具培训合格证明。"


class CompletionStateError(ConflictError):
    """The worker has decided, or has not signed yet."""

    code = "completion_state"
    message = "这份证明的状态不允许这样做:签字后才能下载,签字或提出异议只有一次。"


class ObjectionMissingError(DomainError):
    """An objection without a word."""

    code = "objection_missing"
    message = "请写明哪里不对。"
