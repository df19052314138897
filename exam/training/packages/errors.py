"""What can be wrong with packages as lessons."""

from exam.core.errors import ConflictError, DomainError


class PackageClosedError(ConflictError):
    """The lesson is open elsewhere, or was closed."""

    code = "package_closed"
    message = "本页的课件已经关闭,请回到“我的培训”重新打开。"


class PackagePlanError(DomainError):
    """The time or the condition is none that a lesson can have."""

    code = "package_plan"
    message = "请填写 1 至 480 分钟的学习时间,并选择怎样算学完。"
