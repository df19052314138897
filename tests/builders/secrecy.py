"""Looking for what must not be there: ID numbers in what was stored, sent or logged."""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from exam.identity.identifiers import id_check_digit

CANDIDATE = re.compile(rb"(?<!\d)\d{17}[\dXx](?!\d)")


def _is_id_number(digits: bytes) -> bool:
    """Tell an ID number from digits that happen to stand together in a digest."""
    number = digits.decode().upper()
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return id_check_digit(number[:17]) == number[17]


def id_numbers(contents: Iterable[bytes]) -> Iterator[bytes]:
    """Yield every ID number that stands in the contents."""
    for content in contents:
        yield from (found for found in CANDIDATE.findall(content) if _is_id_number(found))
