"""Looking for what must not be there: ID numbers in what was stored, sent or logged."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from exam.identity.identifiers import id_check_digit

BORN = range(1900, 2100)
PROVINCES = {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82}
"""The first two digits (GB/T 2260)."""
CANDIDATE = re.compile(rb"(?<!\d)\d{17}[\dXx](?!\d)")


def numbers_of_county(area: str, first: date, days: int) -> Iterator[str]:
    """Yield the ID numbers of everybody whom a county (GB/T 2260) can register as born in some days, 1,000 a day."""
    for day in (first + timedelta(days=number) for number in range(days)):
        stem = f"{area}{day:%Y%m%d}"
        for tail in _tails(id_check_digit(f"{stem}000"), stem):
            yield stem + tail


_KNOWN: dict[str, list[str]] = {}


def _tails(class_of: str, stem: str) -> list[str]:
    """Return the last four characters; stems with one check digit at 000 share them all, so eleven lists serve."""
    if class_of not in _KNOWN:
        _KNOWN[class_of] = [f"{serial:03d}{id_check_digit(f'{stem}{serial:03d}')}" for serial in range(1000)]
    return _KNOWN[class_of]


def _is_id_number(digits: bytes) -> bool:
    """Tell an ID number from digits that happen to stand together in a digest."""
    number = digits.decode().upper()
    if int(number[:2]) not in PROVINCES or int(number[6:10]) not in BORN:
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return id_check_digit(number[:17]) == number[17]


def id_numbers(contents: Iterable[bytes]) -> Iterator[bytes]:
    """Yield every ID number that stands in the contents."""
    for content in contents:
        yield from (found for found in CANDIDATE.findall(content) if _is_id_number(found))
