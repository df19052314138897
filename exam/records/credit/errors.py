"""What can be wrong in the process from a lead to a decision."""

from exam.core.errors import DomainError


class WordsError(DomainError):
    """A reason, a notice or a statement is missing or too long."""

    code = "credit_words"
    message = "请写明内容,{least} 到 {most} 个字。"
