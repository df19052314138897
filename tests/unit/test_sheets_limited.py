"""A workbook that brings its parser down is refused like any other; the process that asked goes on."""

import zipfile
from io import BytesIO

import pytest

from exam.core import limited
from exam.core.sheets.errors import ArchiveBombError, DamagedArchiveError, ReaderStoppedError
from exam.core.sheets.limited import read_sheets
from exam.core.sheets.reader import read_delimited, read_workbook
from exam.core.sheets.writer import write_workbook
from tests.builders.workbooks import Placed, make_xls

BOOK = write_workbook(["姓名", "证件号码"], [["王明", "330106199001010011"]])


def _with_row(row: str) -> bytes:
    """Return the workbook with another row before the end of its first sheet."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(BOOK)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content.replace(b"</sheetData>", f"{row}</sheetData>".encode()))
    return buffer.getvalue()


FAR_CORNERS = {
    "small letters": _with_row('<row r="1048576"><c r="xfd1048576" t="inlineStr"><is><t>a</t></is></c></row>'),
    "a bracket before": _with_row('<row r="9"><c a=">" r="XFD1048576" t="inlineStr"><is><t>a</t></is></c></row>'),
    "xls": make_xls({"甲": [Placed(0, 0, "姓名"), Placed(65535, 65535, "证件号码")]}),
}


def test_the_child_reads_the_same() -> None:
    assert read_sheets(BOOK) == read_workbook(BOOK)
    assert read_sheets("甲,乙\n".encode()) == [read_delimited("甲,乙\n".encode())]


@pytest.mark.parametrize("name", FAR_CORNERS)
def test_cells_so_far_apart_that_the_parser_aborts_are_refused(name: str) -> None:
    with pytest.raises(ReaderStoppedError) as caught:
        read_sheets(FAR_CORNERS[name])
    assert caught.value.fields == {"reason": "memory_or_crash"}


def test_a_refusal_of_the_child_keeps_its_kind_and_fields() -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(50_000_000))
    with pytest.raises(ArchiveBombError) as caught:
        read_sheets(buffer.getvalue())
    assert caught.value.fields["measure"] == "ratio"
    with pytest.raises(DamagedArchiveError):
        read_sheets(BOOK[:200])


def test_a_child_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "_START_UP_S", -0.99)
    with pytest.raises(ReaderStoppedError) as caught:
        read_sheets(BOOK, seconds=1)
    assert caught.value.fields == {"reason": "time"}
