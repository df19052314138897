"""One exit for question files: what a bank is written as, and how such a file is named and labelled."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from exam.core.sheets.writer import WORKBOOK
from questionbank.formats.write_gift import to_gift
from questionbank.formats.write_moodle import to_moodle
from questionbank.formats.write_qti import to_qti3, to_qti22
from questionbank.formats.write_tables import to_json, to_workbook
from questionbank.items.content import ItemDraft


class Format(msgspec.Struct, frozen=True):
    """One format: its title for people, the suffix and media type of its files, and its writer."""

    title: str
    suffix: str
    media_type: str
    write: Callable[[Sequence[ItemDraft]], bytes]


FORMATS: Final[Mapping[str, Format]] = {
    "xlsx": Format("Excel", ".xlsx", WORKBOOK, to_workbook),
    "json": Format("JSON", ".json", "application/json", to_json),
    "qti3": Format("QTI 3.0", ".zip", "application/zip", to_qti3),
    "qti22": Format("QTI 2.2", ".zip", "application/zip", to_qti22),
    "moodle": Format("Moodle XML", ".xml", "application/xml", to_moodle),
    "gift": Format("GIFT", ".gift", "text/plain; charset=utf-8", to_gift),
}
"""In all but GIFT, which has no place for node, depth, difficulty and basis, an item comes back as it was."""
