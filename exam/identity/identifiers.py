"""居民身份证 (GB 11643-1999) and 统一社会信用代码 (GB 32100-2015): parsing, checking and masking; pure.

Every refusal names its cause, because the same file is typed, scanned and squeezed through spreadsheets. No error
carries the whole number.
"""

import re
from datetime import date
from enum import StrEnum

import msgspec

from exam.core.errors import DomainError

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_LENGTH = 18
_OLD_LENGTH = 15
_SIGNIFICANT_DIGITS = 15
_OLDEST_YEARS = 120
_VISIBLE_HEAD, _VISIBLE_TAIL = 3, 4
_FULL_WIDTH = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
_NUMBER_CELL = re.compile(r"\d+(\.\d+)?E\+?\d+|\d{15,}\.\d*")
_OLD_FOREIGN_CARD = re.compile(r"[A-Z]{3}\d{12}")
_PROVINCES = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|8[1-3]")

_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_CODE_MODULUS = 31


class Sex(StrEnum):
    """性别, as the seventeenth digit of a number tells it."""

    MALE = "male"
    FEMALE = "female"


class IdKind(StrEnum):
    """The document that a number belongs to; only the number's own form decides."""

    RESIDENT = "resident"
    """居民身份证."""
    HONG_KONG = "hong_kong"
    """港澳台居民居住证, 810000."""
    MACAO = "macao"
    TAIWAN = "taiwan"
    FOREIGN = "foreign"
    """外国人永久居留身份证: 18 digits beginning with 9, the form issued since 2023."""


_PERMITS = {"81": IdKind.HONG_KONG, "82": IdKind.MACAO, "83": IdKind.TAIWAN}


class IdNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A number that passed every check; it is personal data: seal `value`, show `mask_id_number(value)`.

    `region_known` is false where the first two digits are no province code: a warning, never a refusal.
    """

    value: str
    kind: IdKind
    birth_on: date
    sex: Sex
    region_known: bool

    def __repr__(self) -> str:
        """Show the masked number, since values end up in logs and tracebacks."""
        return f"IdNumber({mask_id_number(self.value)!r}, {self.kind})"


class IdNumberError(DomainError):
    """Base of every refusal of an identity number."""

    code = "id_number"
    message = "身份证号有误,请对照证件核对。"


class IdNumberEmptyError(IdNumberError):
    """Nothing was given."""

    code = "id_number_empty"
    message = "请填写身份证号。"


class IdNumberFullWidthError(IdNumberError):
    """Digits of a Chinese input method: they look right and match nothing."""

    code = "id_number_full_width"
    message = "身份证号里有全角字符,请切换到半角后重新输入。"


class IdNumberDigitsLostError(IdNumberError):
    """A spreadsheet's number cell kept fifteen digits and lost the rest."""

    code = "id_number_digits_lost"
    message = "身份证号在表格里被当成数字,末尾几位已经丢失。请把该列设为“文本”格式后重新填写。"


class IdNumberOldFormError(IdNumberError):
    """The fifteen-digit form of the first generation, no longer valid since 2013."""

    code = "id_number_old_form"
    message = "这是15位的旧身份证号,请填写18位号码。"


class IdNumberOldForeignCardError(IdNumberError):
    """Three letters and twelve digits: the foreigner's card before 2023, which tells no sex and no full birth year."""

    code = "id_number_old_foreign_card"
    message = "这是旧版外国人永久居留证号码,请换领新版证件后填写18位号码。"


class IdNumberLengthError(IdNumberError):
    """Too few or too many characters."""

    code = "id_number_length"
    message = "身份证号应为18位,现在是{length}位。"


class IdNumberCharacterError(IdNumberError):
    """Something other than digits and a final X."""

    code = "id_number_character"
    message = "身份证号第{position}位不是数字(只有最后一位可以是 X)。"


class IdNumberDateError(IdNumberError):
    """The birth date does not exist in the calendar."""

    code = "id_number_date"
    message = "身份证号里的出生日期不存在,请核对第7至14位。"


class IdNumberFutureError(IdNumberError):
    """The birth date lies after today."""

    code = "id_number_future"
    message = "身份证号里的出生日期晚于今天,请核对第7至14位。"


class IdNumberTooOldError(IdNumberError):
    """The holder would be older than anyone alive is expected to be."""

    code = "id_number_too_old"
    message = "按身份证号计算年龄超过120岁,请核对第7至14位。"


class IdNumberCheckDigitError(IdNumberError):
    """The last character does not follow from the others."""

    code = "id_number_check_digit"
    message = "身份证号校验位不符,通常是某一位输错了,请对照证件核对。"


def parse_id_number(text: str, today: date) -> IdNumber:
    """Return the checked number; `today` is the Shanghai date.

    Spaces go and a final x becomes X; anything else that is wrong raises its own `IdNumberError`.
    """
    value = "".join(text.split()).upper()
    if not value:
        raise IdNumberEmptyError
    if _FULL_WIDTH.search(value):
        raise IdNumberFullWidthError
    if _NUMBER_CELL.fullmatch(value):
        raise IdNumberDigitsLostError
    if _OLD_FOREIGN_CARD.fullmatch(value):
        raise IdNumberOldForeignCardError
    _require_form(value)
    if _lost_its_tail(value):
        raise IdNumberDigitsLostError
    birth_on = _birth_date(value, today)
    if id_check_digit(value[:-1]) != value[-1]:
        raise IdNumberCheckDigitError
    kind = _PERMITS.get(value[:2], IdKind.FOREIGN if value.startswith("9") else IdKind.RESIDENT)
    return IdNumber(
        value=value,
        kind=kind,
        birth_on=birth_on,
        sex=Sex.MALE if int(value[16]) % 2 else Sex.FEMALE,
        region_known=kind is IdKind.FOREIGN or _PROVINCES.match(value) is not None,
    )


def id_check_digit(digits: str) -> str:
    """Return the check character of the first seventeen digits (GB 11643, ISO 7064 MOD 11-2)."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True))
    return _CHECK_DIGITS[total % len(_CHECK_DIGITS)]


def mask_id_number(value: str) -> str:
    """Return `110***********123X`: the first three and last four characters; a short text is hidden whole."""
    hidden = len(value) - _VISIBLE_HEAD - _VISIBLE_TAIL
    if hidden <= 0:
        return "*" * len(value)
    return f"{value[:_VISIBLE_HEAD]}{'*' * hidden}{value[-_VISIBLE_TAIL:]}"


def _require_form(value: str) -> None:
    if len(value) == _OLD_LENGTH and value.isascii() and value.isdigit():
        raise IdNumberOldFormError
    if len(value) != _LENGTH:
        raise IdNumberLengthError(length=len(value))
    for position, character in enumerate(value, start=1):
        if character not in "0123456789" and not (character == "X" and position == _LENGTH):
            raise IdNumberCharacterError(position=position)


def _lost_its_tail(value: str) -> bool:
    tail = value[_SIGNIFICANT_DIGITS:]
    # 000 is no sequence number; with another one the tail may be real, and then the check digit agrees.
    return tail == "000" and (value[14:17] == "000" or id_check_digit(value[:-1]) != value[-1])


def _birth_date(value: str, today: date) -> date:
    try:
        birth_on = date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        raise IdNumberDateError from None
    if birth_on > today:
        raise IdNumberFutureError
    had_birthday = (today.month, today.day) >= (birth_on.month, birth_on.day)
    if today.year - birth_on.year - (not had_birthday) > _OLDEST_YEARS:
        raise IdNumberTooOldError
    return birth_on


class CreditCodeError(DomainError):
    """Base of every refusal of a unified social credit code."""

    code = "credit_code"
    message = "统一社会信用代码有误,请对照营业执照核对。"


class CreditCodeEmptyError(CreditCodeError):
    """Nothing was given."""

    code = "credit_code_empty"
    message = "请填写统一社会信用代码。"


class CreditCodeFullWidthError(CreditCodeError):
    """Letters or digits of a Chinese input method."""

    code = "credit_code_full_width"
    message = "统一社会信用代码里有全角字符,请切换到半角后重新输入。"


class CreditCodeLengthError(CreditCodeError):
    """Too few or too many characters."""

    code = "credit_code_length"
    message = "统一社会信用代码应为18位,现在是{length}位。"


class CreditCodeCharacterError(CreditCodeError):
    """A character outside the alphabet; I, O, Z, S and V are left out because they look like digits and U."""

    code = "credit_code_character"
    message = "统一社会信用代码第{position}位“{character}”不会出现(代码不用 I、O、Z、S、V)。"


class CreditCodeCheckError(CreditCodeError):
    """The last character does not follow from the others."""

    code = "credit_code_check"
    message = "统一社会信用代码校验位不符,通常是某一位输错了,请对照营业执照核对。"


def parse_uscc(text: str) -> str:
    """Return the code in upper case without spaces; anything wrong raises its own `CreditCodeError`."""
    value = "".join(text.split()).upper()
    if not value:
        raise CreditCodeEmptyError
    if _FULL_WIDTH.search(value):
        raise CreditCodeFullWidthError
    if len(value) != _LENGTH:
        raise CreditCodeLengthError(length=len(value))
    for position, character in enumerate(value, start=1):
        if character not in _CODE_ALPHABET:
            raise CreditCodeCharacterError(position=position, character=character)
    if uscc_check(value[:-1]) != value[-1]:
        raise CreditCodeCheckError
    return value


def uscc_check(body: str) -> str:
    """Return the check character of the first seventeen (GB 32100 §5: weights 3^(i−1) mod 31)."""
    total = sum(weight * _CODE_ALPHABET.index(character) for weight, character in zip(_CODE_WEIGHTS, body, strict=True))
    return _CODE_ALPHABET[-total % _CODE_MODULUS]
