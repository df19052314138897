"""Workbooks, delimited text and archives: hostile ones are refused, honest ones come back as they went in."""

import datetime as dt
import stat
import struct
import zipfile
from contextlib import suppress
from io import BytesIO

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exam.core.sheets.archive import MAX_MEMBERS, check_archive, read_member
from exam.core.sheets.biff import find_binary_formulas
from exam.core.sheets.encoding import decode_text
from exam.core.sheets.errors import (
    ArchiveBombError,
    BinaryFileError,
    BrokenDelimitedTextError,
    CellTooLongError,
    DamagedArchiveError,
    EmptyFileError,
    NotAWorkbookError,
    SheetTooWideError,
    UnknownEncodingError,
    UnsafeArchiveError,
)
from exam.core.sheets.package import letters_of
from exam.core.sheets.reader import read_delimited, read_workbook
from exam.core.sheets.writer import OutCell, write_csv, write_workbook
from tests.builders.workbooks import Placed, make_xls

LIVE = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－")
CELL_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=40)


def make_zip(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def make_openpyxl(cells: list[object]) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row, cell in enumerate(cells, 1):
        page.cell(row, 1).value = cell  # type: ignore[assignment]
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


# archives


def test_an_honest_archive_lists_its_files() -> None:
    data = make_zip({"a.txt": b"one", "b/c.txt": b"two"})
    assert check_archive(data) == ("a.txt", "b/c.txt")
    assert read_member(data, "b/c.txt") == b"two"


def test_an_archive_that_inflates_beyond_the_ratio_is_refused() -> None:
    with pytest.raises(ArchiveBombError) as caught:
        check_archive(make_zip({"xl/sheet1.xml": bytes(5_000_000)}))
    assert caught.value.fields["measure"] == "ratio"


def test_two_hundred_megabytes_in_two_hundred_kilobytes_are_refused_before_any_parser() -> None:
    data = make_zip({"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": bytes(200 * 1024 * 1024)})
    assert len(data) < 250_000
    with pytest.raises(ArchiveBombError):
        read_workbook(data)


def test_a_directory_that_lies_about_sizes_is_refused() -> None:
    data = bytearray(make_zip({"a.xml": bytes(5_000_000)}))
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 1000)
    with pytest.raises((ArchiveBombError, DamagedArchiveError)):
        check_archive(bytes(data))


def test_members_that_share_their_bytes_are_refused() -> None:
    data = bytearray(make_zip({"a.bin": b"x" * 900, "b.bin": b"y" * 900}, zipfile.ZIP_STORED))
    for entry in (data.index(b"PK\x01\x02"), data.rindex(b"PK\x01\x02")):
        data[entry + 20 : entry + 28] = struct.pack("<II", 1500, 1500)
    with pytest.raises(UnsafeArchiveError) as caught:
        check_archive(bytes(data))
    assert caught.value.fields["reason"] == "overlap"


def test_too_many_members_are_refused() -> None:
    with pytest.raises(ArchiveBombError) as caught:
        check_archive(make_zip({f"{number}.txt": b"" for number in range(MAX_MEMBERS + 1)}))
    assert caught.value.fields["measure"] == "members"


@pytest.mark.parametrize("name", ["../evil.xml", "a/../../b.xml", "/etc/passwd", "C:/x.xml", "..\\evil.xml"])
def test_a_path_that_leaves_the_archive_is_refused(name: str) -> None:
    with pytest.raises(UnsafeArchiveError) as caught:
        check_archive(make_zip({name: b"x"}))
    assert caught.value.fields["reason"] == "path"


def test_a_symlink_is_refused() -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link.xml")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UnsafeArchiveError) as caught:
        check_archive(buffer.getvalue())
    assert caught.value.fields["reason"] == "symlink"


def test_an_archive_in_an_archive_is_refused_whatever_its_name() -> None:
    with pytest.raises(UnsafeArchiveError) as caught:
        check_archive(make_zip({"picture.png": make_zip({"a": b"b"})}))
    assert caught.value.fields["reason"] == "nested"


def test_two_members_of_one_name_are_refused() -> None:
    data = make_zip({"a.xml": b"1", "b.xml": b"2"}).replace(b"b.xml", b"A.xml")
    with pytest.raises(UnsafeArchiveError) as caught:
        check_archive(data)
    assert caught.value.fields["reason"] == "duplicate"


def test_an_unusual_compression_is_refused() -> None:
    with pytest.raises(DamagedArchiveError):
        check_archive(make_zip({"a.xml": b"text" * 100}, zipfile.ZIP_LZMA))


def test_a_truncated_archive_is_refused() -> None:
    with pytest.raises(DamagedArchiveError):
        check_archive(make_zip({"a.xml": b"text" * 100})[:-30])


# workbooks in


def test_cells_become_text_and_dates_are_told_apart() -> None:
    cells = ["text", 36.0, 0.5, True, dt.date(2020, 3, 5), None, "00012"]
    (sheet,) = read_workbook(make_openpyxl(cells))
    assert [row[0] for row in sheet.rows] == ["text", "36", "0.5", "TRUE", "2020-03-05", "", "00012"]
    assert sheet.dates == {(4, 0)}


def test_a_formula_without_a_stored_value_reads_as_empty() -> None:
    (sheet,) = read_workbook(make_openpyxl(["title", "=1+1", "end"]))
    assert [row[0] for row in sheet.rows] == ["title", "", "end"]
    assert sheet.formulas == {(1, 0)}


def test_a_sheet_that_starts_low_keeps_its_row_numbers() -> None:
    (sheet,) = read_workbook(make_openpyxl([None, None, "third"]))
    assert sheet.rows[2] == ("third",)


def _open_document(rows: str) -> bytes:
    names = "office:1.0", "table:1.0", "text:1.0"
    spaces = " ".join(f'xmlns:{name[:-4]}="urn:oasis:names:tc:opendocument:xmlns:{name}"' for name in names)
    page = f'<table:table table:name="页">{rows}</table:table>'
    body = f"<office:body><office:spreadsheet>{page}</office:spreadsheet></office:body>"
    content = f'<?xml version="1.0"?><office:document-content {spaces}>{body}</office:document-content>'
    manifest = b'<?xml version="1.0"?><m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    members = {
        "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": manifest,
        "content.xml": content.encode(),
    }
    return make_zip(members)


_TEXT_CELL = '<table:table-cell office:value-type="string"{}><text:p>{}</text:p></table:table-cell>'


def test_an_open_document_is_read() -> None:
    cells = "".join(_TEXT_CELL.format("", text) for text in ("题目", "答案"))
    (sheet,) = read_workbook(_open_document(f"<table:table-row>{cells}</table:table-row>"))
    assert (sheet.name, sheet.rows) == ("页", (("题目", "答案"),))


def test_formulas_of_an_open_document_are_found_behind_repeated_rows_and_cells() -> None:
    plain = _TEXT_CELL.format(' table:number-columns-repeated="2"', "甲")
    computed = _TEXT_CELL.format(' table:formula="of:=1+1"', "乙")
    rows = f'<table:table-row table:number-rows-repeated="3">{plain}</table:table-row><table:table-row>{plain}{computed}</table:table-row>'
    (sheet,) = read_workbook(_open_document(rows))
    assert (sheet.rows[3][2], sheet.formulas) == ("乙", frozenset({(3, 2)}))


def test_formulas_are_told_by_worksheet() -> None:
    book = openpyxl.Workbook()
    book.create_sheet("二")["C2"].value = "=1+1"
    book["二"]["A1"].value = book.worksheets[0]["A1"].value = "题目"
    buffer = BytesIO()
    book.save(buffer)
    assert [sheet.formulas for sheet in read_workbook(buffer.getvalue())] == [frozenset(), {(1, 2)}]


def test_formulas_of_a_binary_workbook_are_told_by_worksheet() -> None:
    plain, computed = Placed(0, 0, "题目"), Placed(1, 1, "甲", computed=True)
    found = read_workbook(make_xls({"一": [plain], "二": [plain, computed], "三": [computed, Placed(2, 0, "乙")]}))
    assert [sheet.rows[0][0] for sheet in found] == ["题目", "题目", ""]
    assert found[1].rows[1] == ("", "甲")
    assert [sheet.formulas for sheet in found] == [frozenset(), {(1, 1)}, {(1, 1)}]


@given(st.data())
def test_a_damaged_binary_workbook_is_read_or_refused(data: st.DataObject) -> None:
    book = bytearray(make_xls({"一": [Placed(0, 0, "题目"), Placed(1, 0, "甲", computed=True)]}))
    for _ in range(data.draw(st.integers(1, 8))):
        book[data.draw(st.integers(1024, 2000))] = data.draw(st.integers(0, 255))
    with suppress(ValueError):
        find_binary_formulas(bytes(book), 1)


def test_filled_cells_in_opposite_corners_are_refused() -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page["A1"] = "x"
    page["XFD1048576"] = "y"
    buffer = BytesIO()
    book.save(buffer)
    with pytest.raises(SheetTooWideError):
        read_workbook(buffer.getvalue())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"plain text",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        make_zip({"word/document.xml": b"<w/>"}),
        make_zip({"xl/workbook.xml": b"not xml"}),
        make_zip({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"}),
    ],
    ids=["empty", "text", "ole", "word", "broken", "odt"],
)
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(NotAWorkbookError):
        read_workbook(data)


# delimited text in


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_every_encoding_of_the_field_is_read(encoding: str) -> None:
    data = "序号,题目\r\n1,高处作业应系安全带。\r\n".encode(encoding)
    assert read_delimited(data).rows == (("序号", "题目"), ("1", "高处作业应系安全带。"))


def test_big_endian_utf_16_is_read() -> None:
    assert decode_text(b"\xfe\xff" + "安全".encode("utf-16-be")) == "安全"


def test_damaged_utf_8_is_refused_at_the_damaged_byte() -> None:
    good = "安全生产人人有责,违章作业害人害己。".encode()
    with pytest.raises(UnknownEncodingError) as caught:
        decode_text(good + b"\xff" + good)
    assert caught.value.fields == {"offset": len(good)}


def test_text_in_another_encoding_is_not_guessed() -> None:
    with pytest.raises(UnknownEncodingError):
        decode_text("Ébène, Zürich, señor".encode("latin-1"))


def test_a_damaged_first_character_does_not_turn_utf_8_into_mojibake() -> None:
    with pytest.raises(UnknownEncodingError):
        decode_text(b"\xff" + "动火作业前应办理审批手续,清除周围可燃物。".encode())


def test_a_nul_is_refused_with_its_place() -> None:
    with pytest.raises(BinaryFileError) as caught:
        decode_text(b"ab\0cd")
    assert caught.value.fields == {"offset": 2}


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    data = f"a{delimiter}b{delimiter}c\n1{delimiter}x y{delimiter}3\n".encode()
    assert read_delimited(data).rows == (("a", "b", "c"), ("1", "x y", "3"))


def test_an_open_quote_is_refused_with_its_line() -> None:
    with pytest.raises(BrokenDelimitedTextError) as caught:
        read_delimited(b'a,b\n1,"open\n2,3\n')
    assert caught.value.fields == {"line": 3}


def test_blank_text_is_empty() -> None:
    with pytest.raises(EmptyFileError):
        read_delimited(b"\xef\xbb\xbf \r\n")


# out


@pytest.mark.parametrize("start", LIVE)
def test_csv_disarms_what_a_spreadsheet_would_run(start: str) -> None:
    data = write_csv(["题目"], [[f"{start}cmd"]])
    assert data.startswith(b"\xef\xbb\xbf")
    assert f"'{start}cmd" in data.decode("utf-8-sig")


def test_csv_leaves_numbers_alone() -> None:
    assert write_csv(["a"], [[-5]]).decode("utf-8-sig") == "a\r\n-5\r\n"


@pytest.mark.parametrize("start", LIVE)
def test_a_workbook_holds_a_formula_as_text(start: str) -> None:
    data = write_workbook(["题目"], [[f"{start}1+1"]])
    page = openpyxl.load_workbook(BytesIO(data)).active
    assert page is not None
    assert page["A2"].data_type == "s"
    assert page["A2"].value == f"{start}1+1".replace("\r", "_x000D_")


def test_a_column_offers_its_choices_and_a_list_too_long_for_a_spreadsheet_is_left_out() -> None:
    choices = {"题型": ["判断", '单选 "&"'], "知识点": [f"{number}.{number}" for number in range(90)]}
    data = write_workbook(["题型", "知识点", "题目"], [], choices=choices)
    (offered,) = openpyxl.load_workbook(BytesIO(data))["Sheet1"].data_validations.dataValidation
    assert (str(offered.sqref), offered.formula1) == ("A2:A1048576", '"判断,单选 ""&"""')


def test_identifiers_stay_text_and_long_numbers_lose_no_digit() -> None:
    (sheet,) = read_workbook(write_workbook(["证号", "数"], [["330106199001010011", 123456789012345678]]))
    assert sheet.rows[1] == ("330106199001010011", "123456789012345678")


def test_a_workbook_says_what_its_cells_are_to_other_readers() -> None:
    rows: list[list[OutCell]] = [["甲 & <乙>", 7, 1.5, None, True], ["甲 & <乙>", -(10**15), "", "x", False]]
    page = openpyxl.load_workbook(BytesIO(write_workbook(list("abcde"), rows, sheet='报名 "&" 表'))).active
    assert page is not None
    assert page.title == '报名 "&" 表'
    assert [[cell.value for cell in row] for row in page.iter_rows(min_row=2)] == [
        ["甲 & <乙>", 7, 1.5, None, 1],
        ["甲 & <乙>", str(-(10**15)), None, "x", 0],
    ]
    assert (page["A2"].number_format, page["B2"].number_format, page.freeze_panes) == ("@", "General", "A2")
    assert page["A1"].font.b
    assert [letters_of(column) for column in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_markup_in_a_cell_stays_text() -> None:
    hostile = "<r><t>x</t></r>"
    (sheet,) = read_workbook(write_workbook(["a"], [[hostile], ["_x005F_x0041_"]]))
    assert [row[0] for row in sheet.rows] == ["a", hostile, "_x005F_x0041_"]


def test_a_cell_beyond_the_limit_is_an_error_not_a_cut() -> None:
    with pytest.raises(CellTooLongError) as caught:
        write_workbook(["a"], [["x"], ["長" * 32_768]])
    assert caught.value.fields == {"row": 3, "column": 1, "length": 32_768, "limit": 32_767}


def test_the_same_rows_give_the_same_bytes() -> None:
    first, second = (write_workbook(["a"], [["x", 1, None]]) for _ in range(2))
    assert first == second


@given(st.lists(st.lists(CELL_TEXT, min_size=2, max_size=2), min_size=1, max_size=6))
def test_a_workbook_comes_back_as_it_went_in(rows: list[list[str]]) -> None:
    (sheet,) = read_workbook(write_workbook(["甲", "乙"], rows))
    back = [list(row) for row in sheet.rows[1:]]
    back += [["", ""]] * (len(rows) - len(back))
    assert back == rows


@given(st.lists(st.lists(st.text("ab,;\"'\n=+-安全", max_size=8), min_size=2, max_size=2), min_size=1, max_size=6))
@example(rows=[["", ";\n;="], ["", ";\n;="]])
def test_csv_comes_back_with_live_cells_disarmed(rows: list[list[str]]) -> None:
    back = read_delimited(write_csv(["甲", "乙"], rows)).rows[1:]
    assert [list(row) for row in back] == [
        [f"'{cell}" if cell.startswith((*LIVE, "\n")) else cell for cell in row] for row in rows
    ]
