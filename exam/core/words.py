"""What a line of text that people type and read may hold; pure."""

import unicodedata

from exam.core.errors import DomainError

_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


class InvisibleCharacterError(DomainError):
    """A control, zero-width, direction or private-use character: two equal-looking lines would differ."""

    code = "invisible_character"
    message = "第 {position} 个字符是看不见的控制字符,请删除后重新输入。"


def clean_line(text: str) -> str:
    """Return one line without outer spaces; raises InvisibleCharacterError, positions counted from 1."""
    line = text.strip()
    for position, character in enumerate(line, start=1):
        if unicodedata.category(character) in _INVISIBLE:
            raise InvisibleCharacterError(position=position)
    return line
