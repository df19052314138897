"""What may go wrong between neighbours."""

from exam.core.errors import ConflictError, DomainError, ForbiddenError, Kind


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


class SenderUnknownError(DomainError):
    """No node that may send is known by this address; nothing says whether it ever was."""

    kind = Kind.UNAUTHENTICATED
    code = "exchange_sender"
    message = "这个地址不接收报文。"


class MessageFaultyError(DomainError):
    """The schema finds a message wrong, or it speaks of a region that is not the sender's; `field` is the first fault."""

    code = "exchange_message_faulty"
    message = "报文不符合规范:{field}"


class SequenceError(ConflictError):
    """A later message of the subject is here already, or another one under this number."""

    code = "exchange_sequence"
    message = "同一对象的报文序号不符:{sequence}"


class SecretUnreadableError(DomainError):
    """A secret that the other side gave is not in the written form, or too short."""

    code = "exchange_secret"
    message = "请粘贴对方登记时显示的签名密钥(以 whsec_ 开头)。"


class UpperSilentError(DomainError):
    """The upper node has not answered, or refused to."""

    kind = Kind.UNAVAILABLE
    code = "exchange_upper_silent"
    message = "上级节点没有答复,请稍后再对账。"
