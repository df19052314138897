"""What can go wrong while an item is withdrawn."""

from exam.core.errors import ConflictError


class WithdrawalNeedlessError(ConflictError):
    """No form that is still to be sat or scored may hold the item."""

    code = "withdrawal_needless"
    message = "没有已组卷、未评分的考试可能用到这道题,直接停用即可。"


class WithdrawalOpenError(ConflictError):
    """Somebody has proposed to withdraw the item already."""

    code = "withdrawal_open"
    message = "这道题已有一份撤题申请等待确认。"


class WithdrawalDecidedError(ConflictError):
    """The proposal has been confirmed or declined."""

    code = "withdrawal_decided"
    message = "这份撤题申请已由他人办结,请刷新后再看。"
