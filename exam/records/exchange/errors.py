"""What may go wrong between neighbours."""

from exam.core.errors import DomainError, ForbiddenError, Kind


class AddressRefusedError(DomainError):
    """Messages are not sent to this address: it is no https address of the public network, nor listed as inside."""

    code = "exchange_address"
    message = "不能向这个地址推送:须为公网 https 地址;内网地址须由运维列入 ANKAO_EXCHANGE_INSIDE。"


class AddressUnknownError(DomainError):
    """The host of the address has no address in the network."""

    code = "exchange_address_unknown"
    message = "找不到这个地址的主机,请核对。"


class KindUnknownError(DomainError):
    """No kind of message was chosen, or one that the contract does not have."""

    code = "exchange_kind_unknown"
    message = "请选择要交换的报文种类。"


class TokenRefusedError(DomainError):
    """The token is unknown, has expired or was revoked; nothing says which."""

    kind = Kind.UNAUTHENTICATED
    code = "exchange_token"
    message = "接口令牌无效、已过期或已吊销。"


class ScopeMissingError(ForbiddenError):
    """The token was not given this right."""

    code = "exchange_scope"
    message = "接口令牌没有这项权限:{scope}"


class TokenTermError(DomainError):
    """A token without a right, or with a term out of its bounds."""

    code = "exchange_token_term"
    message = "请选择至少一项权限,有效期为 1 至 {most} 天。"


class PositionAheadError(DomainError):
    """A receipt names a message that was never offered."""

    code = "exchange_position"
    message = "回执的位置超过了已提供的报文。"
