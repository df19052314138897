"""Why a log-in by way of the provider was not taken."""

from exam.core.errors import ConflictError, DomainError, Kind, NotFoundError


class SsoOffError(NotFoundError):
    """No provider is set up."""

    code = "sso_off"
    message = "本系统没有接入统一身份认证,请用账号和密码登录。"


class SsoUnavailableError(DomainError):
    """The provider does not answer, or not as the standard says."""

    kind = Kind.UNAVAILABLE
    code = "sso_unavailable"
    message = "统一身份认证暂时无法使用,请稍后再试,或用账号和密码登录。"


class SsoRefusedError(DomainError):
    """What came back is not the answer to a question of this browser, or the provider let nobody in."""

    kind = Kind.UNAUTHENTICATED
    code = "sso_refused"
    message = "统一身份认证没有完成,请重新登录。"


class SsoUnknownError(DomainError):
    """The identity belongs to no enabled account of the staff; accounts and roles are never made by a log-in."""

    kind = Kind.UNAUTHENTICATED
    code = "sso_unknown"
    message = (
        "这个统一身份没有绑定本系统的账号。请先用账号和密码登录,在“账号与密码”中绑定;没有账号的,请联系安全管理员开设。"
    )


class SsoTakenError(ConflictError):
    """The identity is bound to another account, or the account to another identity."""

    code = "sso_taken"
    message = "这个统一身份已绑定另一个账号,或本账号已绑定另一个统一身份,请先解除原来的绑定。"


class SsoNotBoundError(ConflictError):
    """There is nothing to unbind."""

    code = "sso_not_bound"
    message = "本账号没有绑定统一身份认证。"


class SsoStaffOnlyError(DomainError):
    """Only staff use the provider, and only after their second step."""

    kind = Kind.FORBIDDEN
    code = "sso_staff_only"
    message = "统一身份认证供工作人员使用,请先完成两步登录后再绑定。"
