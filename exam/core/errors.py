"""Domain errors: named by condition, carrying ids, without HTTP; `exam.web.problem` alone turns them into answers."""

from enum import Enum
from typing import ClassVar


class Kind(Enum):
    """What a caller can do about an error; the web edge maps each kind to one status."""

    INVALID = "invalid"
    """The input is wrong and can be corrected by its author."""
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    """The input is right, but the present state does not allow the act."""
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"
    """Nothing was done; the same call may succeed later."""


class DomainError(Exception):
    """Base of every error that a person may meet.

    `message` is the Chinese source sentence, a str.format template over `fields`; `code` is what a person reads out on
    the phone and a program compares. `fields` must never hold a secret or an unmasked personal number.
    """

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "invalid"
    message: ClassVar[str] = "输入有误,请检查后重试。"

    def __init__(self, **fields: object) -> None:
        super().__init__(self.code)
        self.fields = fields

    def __str__(self) -> str:
        """Show the code and the fields, for logs and tests."""
        return f"{self.code} {self.fields}" if self.fields else self.code


class NotFoundError(DomainError):
    """The thing does not exist, or the caller may not know that it does."""

    kind = Kind.NOT_FOUND
    code = "not_found"
    message = "没有找到这条记录,可能已被移走,或不在您的辖区内。"


class ForbiddenError(DomainError):
    """The caller is known and may not do this."""

    kind = Kind.FORBIDDEN
    code = "forbidden"
    message = "您的角色没有这项权限。"


class ConflictError(DomainError):
    """The present state does not allow the act."""

    kind = Kind.CONFLICT
    code = "conflict"
    message = "当前状态不允许这项操作,请刷新后再看。"


class SamePersonError(ForbiddenError):
    """A rule asks for a second person and the first one came again."""

    code = "same_person"
    message = "这一步必须由另一个人完成。"
