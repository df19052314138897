"""What keeps a log from being signed."""

from exam.core.errors import ConflictError


class LogBehindError(ConflictError):
    """The database holds fewer leaves than were signed: it was put back to an older state, or leaves were deleted."""

    code = "log_behind"
    message = (
        "数据库中的日志只有 {size} 条,而已签署到 {signed} 条:缺少第 {size} 条之后的记录,可能恢复了旧备份。已停止签署。"
    )


class LogRewrittenError(ConflictError):
    """What is stored is not what was signed, or an entry is not what was ordered."""

    code = "log_rewritten"
    message = "日志第 {index} 条与已签署的内容不符,记录可能被改动过。已停止签署。"
