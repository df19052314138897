"""What can be wrong with a file of national certificates, and with one record."""

from exam.core.errors import ConflictError, DomainError, NotFoundError


class NationalFileError(DomainError):
    """The file has none of the columns, or is no JSON or XML of the form that is described."""

    code = "national_file"
    message = "文件读不出证照:须是表格,或 JSON、XML,且有姓名、身份证件号码、操作项目、签发机关和有效期起止。"


class NationalTooManyError(DomainError):
    """More rows than one file may have."""

    code = "national_too_many"
    message = "一次最多导入 {most} 条,请分成几个文件。"


class NationalFieldError(DomainError):
    """A field cannot be read; what was typed is not repeated, it may be a personal number."""

    code = "national_field"
    message = "“{field}”填写有误。"


class NationalStateError(DomainError):
    """The file itself says that the certificate is not in force."""

    code = "national_state"
    message = "文件写明这本证照不是有效状态,不登记。"


class NationalKnownError(ConflictError):
    """The same certificate is recorded already."""

    code = "national_known"
    message = "这本证照已经登记过。"


class NationalNotFoundError(NotFoundError):
    """No such record in the scope."""

    code = "national_not_found"
    message = "没有找到这条国家证照登记,可能不在您的辖区内。"


class NationalCheckedError(ConflictError):
    """The record has been checked already."""

    code = "national_checked"
    message = "这条登记已经核对过。"
