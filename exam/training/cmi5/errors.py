"""What a unit's talk to the statement store can be refused for."""

from typing import ClassVar

from exam.core.errors import ConflictError, DomainError, ForbiddenError, Kind


class StatementFormError(DomainError):
    """A statement, a document or a parameter is not as xAPI 1.0.3 writes it."""

    code = "xapi_form"
    message = "学习记录的格式不符合 xAPI 1.0.3:{what}。"


class StatementRuleError(ForbiddenError):
    """A statement breaks a rule of cmi5: order of verbs, session, registration, result or score."""

    code = "xapi_rule"
    message = "学习记录不符合 cmi5 的规则:{what}。"


class StatementConflictError(ConflictError):
    """A statement's id is another statement's, or a document would be overwritten unseen."""

    code = "xapi_conflict"
    message = "编号已被另一条学习记录使用,或文档已存在而没有说明替换哪一版。"


class StaleDocumentError(ConflictError):
    """The document is not the version that was named (If-Match, If-None-Match)."""

    code = "xapi_stale"
    message = "文档已被改动,与所指的版本不同。"


class UnitKeyError(DomainError):
    """The token of the session is missing, wrong, or of a session that has ended."""

    kind: ClassVar[Kind] = Kind.UNAUTHENTICATED
    code = "xapi_key"
    message = "课件单元的令牌无效或已失效。"


class UnitClosedError(ForbiddenError):
    """The learner has left the class, or it is not running: nothing that a unit says is taken any more."""

    code = "xapi_closed"
    message = "学员已不在这个班,或这个班已结束、计划没有备案,不再接收课件的学习记录。"


class StoreFullError(ConflictError):
    """A learner's copy of a course holds as many statements or documents as it may."""

    code = "xapi_full"
    message = "这份课件的学习记录已满。"


class StoreTooLargeError(DomainError):
    """What is sent is longer than the store takes."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code = "xapi_size"
    message = "发送的内容太大。"
