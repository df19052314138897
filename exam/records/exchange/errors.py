"""What may go wrong between neighbours."""

from exam.core.errors import DomainError


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
