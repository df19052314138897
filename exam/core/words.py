"""What a line of text that people type and read may hold; pure."""

import re
import unicodedata

from exam.core.errors import DomainError

_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffd-\uffff]")
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


class InvisibleCharacterError(DomainError):
    """A control, zero-width, direction or private-use character: two equal-looking lines would differ."""

    code = "invisible_character"
    message = "第 {position} 个字符是看不见的控制字符,请删除后重新输入。"


class UnreadableTextError(DomainError):
    """Text of another encoding, or characters that neither PostgreSQL nor a workbook or PDF can hold."""

    code = "unreadable_text"
    message = "输入中有无法识别的字符(文字编码不对,或混入了控制字符),没有保存。请删除后重新输入。"


def require_readable(text: str) -> None:
    """Raise UnreadableTextError for what no text of ours may hold, of however many lines."""
    if _UNREADABLE.search(text):
        raise UnreadableTextError


def clean_line(text: str) -> str:
    """Return one line without outer spaces; raises InvisibleCharacterError, positions counted from 1."""
    line = text.strip()
    for position, character in enumerate(line, start=1):
        if unicodedata.category(character) in _INVISIBLE:
            raise InvisibleCharacterError(position=position)
    return line
