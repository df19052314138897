"""姓名: what a person's name may be, and how it is shown to those who need not know it; pure.

Names come from identity cards: rare characters of every extension plane, every kind of middle dot, and Latin names of
permit holders are right as they stand. What has no place in a name is refused by its position, not silently cut.
"""

import re
import unicodedata
from itertools import pairwise

from exam.core.errors import DomainError

_LONGEST = 50
_DOTS = "·•‧・∙･●"
_ANYWHERE = f"{_DOTS} -‐"
_AFTER_LATIN = ".'’"
_HAN_RANGES = (
    (0x3007, 0x3007),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFD),
)
_HAN = "[" + "".join(f"{chr(low)}-{chr(high)}" for low, high in _HAN_RANGES) + "]"
_SPACE_IN_HAN = re.compile(f"(?<={_HAN}) | (?={_HAN})")
_COMPATIBILITY = re.compile("([\uf900-\ufaff\U0002f800-\U0002fa1f]+)")
_COMPOUND_SURNAME = re.compile(
    "欧阳|司马|上官|诸葛|夏侯|东方|尉迟|公孙|慕容|令狐|皇甫|宇文|长孙|司徒|司空|轩辕|端木|独孤|南宫|西门|呼延|完颜|澹台"
)
_SURNAME_LENGTH = 2


class PersonNameError(DomainError):
    """Base of every refusal of a name."""

    code = "name"
    message = "姓名有误,请按证件上的姓名填写。"


class NameEmptyError(PersonNameError):
    """Nothing was given."""

    code = "name_empty"
    message = "请填写姓名。"


class NameLengthError(PersonNameError):
    """Longer than any document prints, or a single Latin letter."""

    code = "name_length"
    message = "姓名长度应为1至50个字(外文姓名至少2个字母),现在是{length}个。"


class NameCharacterError(PersonNameError):
    """A digit, sign, emoji or private-use character."""

    code = "name_character"
    message = "姓名第{position}个字符“{character}”不能用于姓名,请按证件填写。"


class NameInvisibleError(PersonNameError):
    """A control, zero-width or direction character: invisible, and two equal-looking names would differ."""

    code = "name_invisible"
    message = "姓名第{position}个字符是看不见的控制字符,请删除后重新输入。"


class NameDotError(PersonNameError):
    """A dot or joiner that stands between no two letters."""

    code = "name_dot"
    message = "姓名里的间隔号或连字符前后都应有文字。"


def normalise_name(text: str) -> str:
    """Return the name without outer spaces and without padding between Han characters; anything else is kept as typed.

    One Han character is a name; a Latin name needs two letters. Raises a `PersonNameError` subclass.
    """
    for position, character in enumerate(text.strip(), start=1):
        if _is_invisible(character):
            raise NameInvisibleError(position=position)
    name = _SPACE_IN_HAN.sub("", " ".join(_composed(text).split()))
    if not name:
        raise NameEmptyError
    _require_characters(name)
    _require_joined(name)
    if len(name) > _LONGEST or (len(name) == 1 and not is_han(name)):
        raise NameLengthError(length=len(name))
    return name


def name_match_key(name: str) -> str:
    """Return the form in which two spellings of one name agree: one kind of dot, no case; for comparing, never for showing."""
    return re.sub(f"[{_DOTS}]", "·", name).replace("’", "'").replace("‐", "-").casefold()


def mask_name(name: str) -> str:
    """Return 张*, 张*伟, 欧阳**, 买**·***, or J*** S****: enough to recognise oneself in a list, not to be found by it."""
    if any(dot in name for dot in _DOTS):
        first, *rest = re.split(f"([{_DOTS}])", name)
        return _keep_first(first) + "".join(part if part in _DOTS else "*" * len(part) for part in rest)
    if not all(is_han(character) for character in name):
        return " ".join(_keep_first(word) for word in name.split(" "))
    if len(name) <= 1:
        return "*" * len(name)
    if len(name) > _SURNAME_LENGTH and _COMPOUND_SURNAME.match(name):
        return name[:_SURNAME_LENGTH] + "*" * (len(name) - _SURNAME_LENGTH)
    if len(name) == _SURNAME_LENGTH:
        return _keep_first(name)
    return name[0] + "*" * (len(name) - 2) + name[-1]


def is_han(character: str) -> bool:
    """Say whether a character is Han in any plane; ranges, because the planes grow faster than the Unicode tables here."""
    return any(low <= ord(character) <= high for low, high in _HAN_RANGES)


def _keep_first(word: str) -> str:
    return word[:1] + "*" * (len(word) - 1)


def _composed(text: str) -> str:
    # NFC would replace compatibility ideographs by their unified look-alikes, which is another character on the card.
    pieces = _COMPATIBILITY.split(text)
    return "".join(
        piece if _COMPATIBILITY.fullmatch(piece) else unicodedata.normalize("NFC", piece) for piece in pieces
    )


def _is_invisible(character: str) -> bool:
    # Cc control, Cf format (zero width, direction), Zl and Zp separators; selectors are marks that print nothing.
    selector = 0xFE00 <= ord(character) <= 0xFE0F or 0xE0100 <= ord(character) <= 0xE01EF  # noqa: PLR2004
    return selector or unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"}


def _is_latin(character: str) -> bool:
    return unicodedata.category(character).startswith("L") and unicodedata.name(character, "").startswith("LATIN ")


def _is_mark(character: str) -> bool:
    return unicodedata.name(character, "").startswith("COMBINING ")


def _is_letter(character: str) -> bool:
    return is_han(character) or _is_latin(character) or _is_mark(character)


def _require_characters(name: str) -> None:
    before = ""
    for position, character in enumerate(name, start=1):
        if _is_mark(character) or character in _AFTER_LATIN:
            # Marks stay where Unicode has no composed letter; a full stop among Han is a mistyped middle dot.
            right = bool(before) and (_is_latin(before) or _is_mark(before))
        else:
            right = _is_letter(character) or character in _ANYWHERE
        if not right:
            raise NameCharacterError(position=position, character=character)
        before = character


def _require_joined(name: str) -> None:
    if not _is_letter(name[0]) or not (_is_letter(name[-1]) or name[-1] == "."):
        raise NameDotError
    for left, right in pairwise(name):
        # A Latin initial ends with a stop and a space: "J. Smith".
        if not _is_letter(left) and not _is_letter(right) and left + right != ". ":
            raise NameDotError
