"""One exit for question files: what a bank is written as, and how such a file is named and labelled."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from exam.core.sheets.writer import WORKBOOK
from questionbank.formats.write_figures import named_with_figures
from questionbank.formats.write_gift import gift_leaves_out, to_gift
from questionbank.formats.write_moodle import moodle_leaves_out, to_moodle
from questionbank.formats.write_qti import to_qti3, to_qti22
from questionbank.formats.write_tables import to_json, to_workbook, workbook_leaves_out
from questionbank.items.content import ItemContent, ItemDraft


def _nothing(content: ItemContent) -> str:
    del content
    return ""


class Format(msgspec.Struct, frozen=True):
    """One format: its title for people, the suffix and media type of its files, and its writer.

    `leaves_out` tells what of an item the file does not hold, as a Chinese message id, empty where it holds all.
    """

    title: str
    suffix: str
    media_type: str
    write: Callable[[Sequence[ItemDraft]], bytes]
    leaves_out: Callable[[ItemContent], str] = _nothing


FORMATS: Final[Mapping[str, Format]] = {
    "xlsx": Format("Excel", ".xlsx", WORKBOOK, to_workbook, workbook_leaves_out),
    "json": Format("JSON", ".json", "application/json", to_json),
    "qti3": Format("QTI 3.0", ".zip", "application/zip", to_qti3, named_with_figures),
    "qti22": Format("QTI 2.2", ".zip", "application/zip", to_qti22, named_with_figures),
    "moodle": Format("Moodle XML", ".xml", "application/xml", to_moodle, moodle_leaves_out),
    "gift": Format("GIFT", ".gift", "text/plain; charset=utf-8", to_gift, gift_leaves_out),
}
"""An item comes back as it was, but for what is told to be left out."""
