"""What can go wrong with log-ins, roles and people."""

from exam.core.errors import ConflictError, DomainError, ForbiddenError, Kind


class CredentialsError(DomainError):
    """Login and password do not match, or the account is locked or disabled: one answer for all, so nothing leaks."""

    kind = Kind.UNAUTHENTICATED
    code = "credentials"
    message = "账号或密码不正确,或账号暂时锁定。连续输错 5 次将锁定 15 分钟。"


class SecondFactorError(DomainError):
    """The code is wrong, too old or already used."""

    kind = Kind.UNAUTHENTICATED
    code = "second_factor"
    message = "动态验证码不正确或已使用,请等待下一个验证码。"


class BusyError(DomainError):
    """Too many log-ins are being checked; nothing was decided."""

    kind = Kind.UNAVAILABLE
    code = "login_busy"
    message = "登录人数较多,请过几秒再试。"


class WeakPasswordError(DomainError):
    """The password is too easy to guess."""

    code = "weak_password"
    message = "密码至少 10 个字符,且不能包含账号或身份证号。"


class LoginTakenError(ConflictError):
    """Another account has this login."""

    code = "login_taken"
    message = "账号「{login}」已被使用。"


class RoleConflictError(ForbiddenError):
    """Two roles must be held by different people."""

    code = "role_conflict"
    message = "角色「{held}」与「{wanted}」必须由不同的人担任。"


class RegionForbiddenError(ForbiddenError):
    """The region is outside what the principal may see."""

    code = "region_forbidden"
    message = "这不在您的辖区内。"


class PersonNameMismatchError(ConflictError):
    """The ID number is known under another name."""

    code = "person_name_mismatch"
    message = "该身份证号已登记为另一个姓名,请核对证件;如已改名,请先办理信息变更。"


class OrganisationExistsError(ConflictError):
    """The unified code is registered already."""

    code = "organisation_exists"
    message = "统一社会信用代码 {uscc} 已登记。"
