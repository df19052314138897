"""What can be wrong in the process from a lead to a decision, and about a credit record."""

from exam.core.errors import ConflictError, DomainError, ForbiddenError


class WordsError(DomainError):
    """A reason, a notice or a statement is missing or too long."""

    code = "credit_words"
    message = "请写明内容,{least} 到 {most} 个字。"


class DocumentNumberError(DomainError):
    """A document has no number, or a number that cannot be one."""

    code = "document_no"
    message = "请填写文书号,不超过 64 个字。"


class DocumentNumberTakenError(ConflictError):
    """Another decision has this number."""

    code = "document_no_taken"
    message = "文书号 {document_no} 已经登记过,请核对。"


class DefenceTermError(ConflictError):
    """The party may still answer, and has not."""

    code = "defence_term"
    message = "陈述申辩期到 {until} 为止。当事人还没有答复,期满后才能拟决定。"


class DecisionFieldError(DomainError):
    """A field of a decision is missing or too long; `field` is its title."""

    code = "decision_field"
    message = "请填写“{field}”,不超过 {most} 个字。"


class DecisionDayError(DomainError):
    """The day is none, lies ahead, or before the notice."""

    code = "decision_day"
    message = "请填写决定日期,不早于告知之日,不晚于今天。"


class AmountError(DomainError):
    """An amount of money is none."""

    code = "decision_amount"
    message = "金额以万元为单位,不小于零,最多六位小数。"


class PublicationTermError(DomainError):
    """The months of publication do not fit how grave the matter is."""

    code = "publication_term"
    message = "公示期须在 {least} 到 {most} 个月之间。"


class BanTermError(DomainError):
    """No article bars somebody from applying for so long."""

    code = "ban_term"
    message = "这类线索的依据中没有这样的禁考年限。"


class NotYourCaseError(ForbiddenError):
    """The case is somebody else's."""

    code = "not_your_case"
    message = "这件事不是您或您单位的。"


class RequestOpenError(ConflictError):
    """An objection or an application of this kind waits for its answer already."""

    code = "credit_request_open"
    message = "已经提交过,正在办理。"


class NotRepairableError(ConflictError):
    """The least term of publication is not over, or nothing is published."""

    code = "not_repairable"
    message = "{day} 起才能申请修复,公示期满或已撤回的不需要修复。"


class PromiseMissingError(DomainError):
    """A repair is asked for with a public promise."""

    code = "promise_missing"
    message = "请勾选信用承诺,再提交修复申请。"


class RequestOverError(ConflictError):
    """The objection or application has been answered."""

    code = "credit_request_over"
    message = "这件申请已经答复。"


class ExportTooLongError(DomainError):
    """More rows than one file should hold."""

    code = "export_too_long"
    message = "一次最多导出 {most} 条,请缩短日期范围。"


class ExportPeriodError(DomainError):
    """The days are none, or stand the wrong way round."""

    code = "export_period"
    message = "请填写开始和结束日期,开始不晚于结束。"


class NoticeKindError(DomainError):
    """A line is neither a listing nor a repair."""

    code = "platform_notice_kind"
    message = "类型须为“列入”或“修复”。"


class UnknownPartyError(DomainError):
    """No organisation of the region has this unified code."""

    code = "platform_notice_party"
    message = "辖区内没有这个统一社会信用代码的单位。"


class NoticeDayError(DomainError):
    """The day is none, or lies ahead."""

    code = "platform_notice_day"
    message = "日期须写成 2026-01-31 的样子,不晚于今天。"


class AlreadyOnRecordError(ConflictError):
    """The listing is on record already, or the record has been repaired."""

    code = "platform_notice_known"
    message = "这份文书已经登记过。"


class NoSuchRecordError(DomainError):
    """Nothing stands on record under this document number."""

    code = "platform_notice_no_record"
    message = "没有这份文书号的记录,无法登记修复。"


class ImportEmptyError(DomainError):
    """No file, or no sheet with the needed columns."""

    code = "platform_notice_empty"
    message = "没有找到数据。第一行应有列名:类型、统一社会信用代码、文书号、认定机关、日期、事由。"


class ImportTooLongError(DomainError):
    """More lines than one file may have."""

    code = "platform_notice_long"
    message = "一次最多导入 {most} 行。"
