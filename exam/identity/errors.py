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
    message = "密码须为 10 至 128 个字符,且不能包含账号或身份证号。"


class AlreadyFoundedError(ConflictError):
    """There are accounts already: administrators make the further ones."""

    code = "already_founded"
    message = "系统中已有账号,请由安全管理员在管理页面开设新账号。"


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


class OrganisationGoneError(ConflictError):
    """The organisation is deregistered; what is known of it stays as it was."""

    code = "organisation_gone"
    message = "“{name}”已注销,资料保留,不再改动。"


class OrganisationNeededError(DomainError):
    """The role is held for an organisation, and none was named."""

    code = "organisation_needed"
    message = "角色「{role}」必须指定所属机构。"


class PasswordRepeatError(DomainError):
    """The new password was not typed twice alike."""

    code = "password_repeat"
    message = "两次输入的新密码不一致。"


class OldPasswordError(DomainError):
    """The password that was to be replaced is not the account's."""

    code = "old_password"
    message = "原密码不正确。"


class SamePasswordError(WeakPasswordError):
    """The new password is the old one."""

    code = "same_password"
    message = "新密码不能与原密码相同。"


class EnrolmentExpiredError(ConflictError):
    """The offered second-factor secret is not for this account, too old, or one is set already."""

    code = "enrolment_expired"
    message = "绑定页面已过期,请重新登录后再绑定。"


class OwnAccountError(ForbiddenError):
    """An administrator acts on their own account."""

    code = "own_account"
    message = "不能对自己的账号执行这项操作,请由另一位安全管理员办理。"


class LoginFormError(DomainError):
    """A login is 3 to 64 letters, digits and a few signs."""

    code = "login_form"
    message = "账号须为 3 至 64 个字符,可用字母、数字和 . _ - @。"


class EngagementEndError(ConflictError):
    """The engagement has ended already, or would end before it began."""

    code = "engagement_end"
    message = "任职已结束,或结束日期早于任职日期。"


class ContactError(DomainError):
    """What was typed is no telephone number."""

    kind = Kind.INVALID
    code = "contact"
    message = "电话号码须为 6 到 20 位数字,可用 + 开头,可用空格或短横线分开。"


class CandidateEntranceError(DomainError):
    """Ticket and ID number do not belong together, or either is wrong: one answer for all, so nothing leaks."""

    kind = Kind.UNAUTHENTICATED
    code = "candidate_entrance"
    message = "准考证二维码与身份证号对不上。请核对身份证号,并重新扫描准考证右上方的二维码。"


class TicketAccountError(ConflictError):
    """The account is entered by the admission ticket and has no password."""

    code = "ticket_account"
    message = "考生凭准考证登录,这个账号没有密码。"
