"""What keeps the signing desk from signing."""

from exam.core.errors import DomainError, Kind


class SignerAwayError(DomainError):
    """Nobody answers at the signer's socket."""

    kind = Kind.UNAVAILABLE
    code = "signer_away"
    message = "签名服务没有应答,请检查签名进程是否在运行。"


class SigningRefusedError(DomainError):
    """The signer refuses: what it was asked to sign is not what the log says was decided."""

    kind = Kind.FORBIDDEN
    code = "signing_refused"
    message = "签名服务拒绝签署:内容与审计日志中的决定不一致({reason})。"


class NotLoggedYetError(DomainError):
    """The decision is recorded and does not yet stand in a signed head of the log; it will in a moment."""

    kind = Kind.CONFLICT
    code = "not_logged_yet"
    message = "签发决定还没有写入已签名的审计日志,请稍后再试。"
