"""What can be wrong with what an enterprise enters."""

from exam.core.errors import DomainError, ForbiddenError


class NoEnterpriseError(ForbiddenError):
    """The account's role is not bound to an enterprise."""

    code = "no_enterprise"
    message = "您的账号还没有关联企业,请联系安全管理员。"


class EngagementRoleError(DomainError):
    """The position is none of the three that must be examined."""

    code = "engagement_role"
    message = "请选择岗位:主要负责人、安全生产管理人员或特种作业人员。"


class EngagementDateError(DomainError):
    """The day is missing, is no day, lies in the future or too far back."""

    code = "engagement_date"
    message = "请填写日期,不晚于今天,不早于 1950 年。"
