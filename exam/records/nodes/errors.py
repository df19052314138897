"""What may go wrong between nodes."""

from exam.core.errors import ConflictError, DomainError, ForbiddenError, Kind


class CardUnreadableError(DomainError):
    """A text is not the card of a node."""

    code = "node_card"
    message = "请粘贴对方页面上显示的节点名片(以 ankao-node:1: 开头)。"


class CertificateUnreadableError(DomainError):
    """What was pasted is neither a certificate nor the SHA-256 of one."""

    code = "node_certificate"
    message = "请粘贴 PEM 格式的证书,或证书的 SHA-256 指纹(64 位十六进制)。"


class CertificateWrongError(DomainError):
    """The caller has shown no certificate, or another one than was registered."""

    kind = Kind.UNAUTHENTICATED
    code = "node_certificate_wrong"
    message = "客户端证书没有出示,或与登记的不符。"


class NodeNamelessError(ConflictError):
    """Batches need keys here and the confirmed card of the other side."""

    code = "node_nameless"
    message = "请先生成本节点密钥,并登记、确认对方的节点名片。"


class SealedUnreadableError(DomainError):
    """The bytes are no sealed file, or not all of one."""

    code = "sealed_unreadable"
    message = "这不是完整的批次或回执文件,请重新导出后再试。"


class SealedForeignError(DomainError):
    """The file is of another sender, for another recipient, or was changed on the way."""

    kind = Kind.UNAUTHENTICATED
    code = "sealed_foreign"
    message = "文件的签名、发送方或接收方不符,未予接收。"


class BatchEmptyError(ConflictError):
    """Nothing waits to be told."""

    code = "batch_empty"
    message = "目前没有需要上报的数据。"


class BatchOpenError(ConflictError):
    """The batch before is not settled yet."""

    code = "batch_open"
    message = "上一个批次还没有办结:上级接收或更正之后才能封装下一批。"


class BatchNumberError(ConflictError):
    """A batch came out of turn, or another one under a number that is known."""

    code = "batch_number"
    message = "批次号不连续:应为第 {wanted} 批。"


class BatchLevelError(ForbiddenError):
    """Batches are accepted or returned by the level above."""

    code = "batch_level"
    message = "批次由上一级监管人员接收或退回。"


class BatchFaultyError(ConflictError):
    """Rows that are faulty cannot be accepted."""

    code = "batch_faulty"
    message = "有 {n} 行没有通过核对,只能退回。"


class BatchReasonError(DomainError):
    """A batch is returned without a reason, or a reason names a row that it does not have."""

    code = "batch_reason"
    message = "请写明退回的理由;逐行的理由须对应批次内的行号。"


class AnswersGapError(ConflictError):
    """The file of answers begins after what was read last."""

    code = "answers_gap"
    message = "回执不连续:请让上级从第 {wanted} 号回执起重新导出。"


class PartUnfitError(DomainError):
    """A part is too long, or reaches over the end of its file."""

    code = "batch_part"
    message = "分段超出约定的大小。"
