"""Credential numbers: how they are made, typed and masked; pure.

A permit of special operations carries T + ID number, one number for all items of a person (DOMAIN.md §1.8). No rule
that we could read fixes the number of the two other categories, so theirs is this system's own rule: a letter for the
category, the county's six-digit code, the year of issue and a six-digit serial (A330106 2026 000123).
"""

import re
from datetime import date

from exam.core.errors import DomainError
from exam.identity.api import mask_id_number
from exam.standards.api import Category

LETTERS = {Category.PRINCIPAL: "A", Category.OFFICER: "B"}
PERMIT_LETTER = "T"
MAX_SERIAL = 999_999

_REGION_DIGITS = 6
_PERMIT = re.compile(r"T?(\d{17}[0-9X])\Z")
_OWN = re.compile(r"[AB]\d{16}\Z")


class CredentialNumberError(DomainError):
    """What was typed is no credential number and no ID number."""

    code = "credential_number"
    message = "证书编号格式不对:特种作业操作证为 T 加身份证号,合格证为 A 或 B 加 16 位数字。"


class SerialsUsedUpError(DomainError):
    """A county has issued a million of one category in a year."""

    code = "serials_used_up"
    message = "编号前缀 {prefix} 的流水号已用完。"


def permit_number(id_number: str) -> str:
    """Return the number of a special-operations permit."""
    return PERMIT_LETTER + id_number


def own_prefix(category: Category, region: str, on: date) -> str:
    """Return letter, region code and year, under which serials are counted; `region` is a path such as 33/3301/330106."""
    return f"{LETTERS[category]}{_region_code(region)}{on.year:04d}"


def own_number(prefix: str, serial: int) -> str:
    """Return the full number; raises SerialsUsedUpError."""
    if not 1 <= serial <= MAX_SERIAL:
        raise SerialsUsedUpError(prefix=prefix)
    return f"{prefix}{serial:06d}"


def _region_code(region: str) -> str:
    """Return the six digits of the county, or of the wider region filled with zeros (GB/T 2260)."""
    narrowest = next(part for part in reversed(region.split("/")) if len(part) <= _REGION_DIGITS)
    return narrowest.ljust(_REGION_DIGITS, "0")


def parse_number(text: str) -> str:
    """Return a typed number in its one spelling; an ID number alone stands for the permit's; raises CredentialNumberError."""
    value = "".join(text.split()).upper()
    if permit := _PERMIT.match(value):
        return permit_number(permit[1])
    if _OWN.match(value):
        return value
    raise CredentialNumberError


def mask_number(number: str) -> str:
    """Return T330***********1234 or A330106******0123."""
    if number.startswith(PERMIT_LETTER):
        return PERMIT_LETTER + mask_id_number(number[1:])
    return f"{number[:7]}{'*' * (len(number) - 11)}{number[-4:]}"


def bears_tail(number: str, id_tail: str) -> bool:
    """Tell whether a number, masked or not, may be of a holder whose ID number ends so; a serial says nothing of it."""
    return not number.startswith(PERMIT_LETTER) or number.endswith(id_tail)
