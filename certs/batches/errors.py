"""What can be wrong with a batch."""

from exam.core.errors import ConflictError, DomainError, NotFoundError


class BatchNotFoundError(NotFoundError):
    """No such batch in the scope."""

    code = "batch_not_found"
    message = "没有找到这个制证批次,可能不在您的辖区内。"


class BatchEmptyError(DomainError):
    """Nothing current was chosen."""

    code = "batch_empty"
    message = "没有符合条件的有效证书。请放宽条件后再试。"


class BatchTooLargeError(DomainError):
    """More was chosen than one batch may hold."""

    code = "batch_too_large"
    message = "符合条件的证书超过 {limit} 本。请按场次、项目或签发日期分批。"


class BatchDayError(DomainError):
    """A day of the choice cannot be read, or the two are the wrong way round."""

    code = "batch_day"
    message = "签发日期填写有误:请写成 2026-06-01 的样子,起始日不晚于截止日。"


class BatchStateError(ConflictError):
    """The batch's state does not allow the act."""

    code = "batch_state"
    message = "这个批次现在不能这样操作:可能已经做完、已经取消,或者文件已到期删除。"


class BatchPendingError(ConflictError):
    """The files are being made."""

    code = "batch_pending"
    message = "这个批次还没有做完,做完后才能下载。"
