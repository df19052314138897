"""What can be wrong with credentials; keys, signatures and QR payloads have their errors beside them."""

from typing import ClassVar

from exam.core.errors import ConflictError, DomainError, Kind, NotFoundError


class CredentialNotFoundError(NotFoundError):
    """No such credential in the scope."""

    code = "credential_not_found"
    message = "没有找到这本证书,可能不在您的辖区内。"


class DocumentPendingError(DomainError):
    """The PDF is being made."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code = "document_pending"
    message = "证书文件正在生成,请一分钟后再试。"


class DraftSweptError(DomainError):
    """A run took so long that its file was taken for one that nobody keeps; the next one makes another."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code = "draft_swept"
    message = "证书文件生成超时,请稍后再试。"


class ListPendingError(NotFoundError):
    """No status list has been signed yet: nothing was issued, or the worker has not come to it."""

    code = "status_list_pending"
    message = "还没有签署过状态清单。第一本证书签发后几分钟内生成。"


class ReasonMissingError(DomainError):
    """An act on a credential needs a reason in words."""

    code = "credential_reason"
    message = "请写明理由(2 至 500 字)。"


class ReviewNotDueError(ConflictError):
    """No review is asked for, or its window is not open, or it has passed."""

    code = "review_not_due"
    message = "这本证书现在没有到期的复审,或者复审申请期还没有开始。"


class ReviewHoursShortError(ConflictError):
    """The training that a review asks for is not recorded in full."""

    code = "review_hours_short"
    message = "复审培训已登记 {done} 学时,规则要求 {needed} 学时。"


class ProposalOpenError(ConflictError):
    """Another proposal on this credential waits for its second person."""

    code = "proposal_open"
    message = "这本证书已有一项待确认的提议,请先确认或退回。"


class ProposalOverError(ConflictError):
    """The proposal was decided already."""

    code = "proposal_over"
    message = "这项提议已经处理过了。"


class UploadTooLargeError(DomainError):
    """The uploaded file is larger than any certificate."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code = "upload_too_large"
    message = "文件超过 {max_mb} MB,证书文件不会这么大。"


class NotPdfError(DomainError):
    """The uploaded file is neither a PDF nor an OFD."""

    code = "not_pdf"
    message = "请选择证书的 PDF 或 OFD 文件。"


class CopyOutdatedError(ConflictError):
    """The holder's name or the certificate has changed since, so that a copy made now would not be what was issued."""

    code = "copy_outdated"
    message = "持证人姓名或这本证书已经变更,不再制作 OFD 文件;已签发的 PDF 文件仍可下载。"


class NothingAskedError(DomainError):
    """Neither a QR text, nor a public id, nor name and number were given, or more than one of them."""

    code = "nothing_asked"
    message = "请给出二维码内容、证书公开编号,或姓名和证书编号中的一种。"


class DayAheadError(DomainError):
    """A status is asked for a day that has not come."""

    code = "day_ahead"
    message = "日期不能晚于今天({today})。"


class DayMalformedError(DomainError):
    """What was typed is no date."""

    code = "day_malformed"
    message = "日期格式不对,应为 2026-06-01 这样的形式。"


class BulkColumnsError(DomainError):
    """No sheet has the headings."""

    code = "bulk_columns"
    message = "表格里没有找到“姓名”和“证书编号”两列,请使用模板。"


class BulkEmptyError(DomainError):
    """No file was chosen, or no row stands under the headings."""

    code = "bulk_empty"
    message = "表格里没有要核验的行,请检查后再上传。"


class BulkTooLongError(DomainError):
    """More rows than one check takes."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code = "bulk_too_long"
    message = "表格有 {rows} 行,一次最多 {limit} 行,请拆分后上传。"
