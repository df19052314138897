import importlib.machinery
import importlib.util
import io
import logging
import re
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from pathlib import Path

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from reportlab.lib.colors import Color
from reportlab.pdfbase.pdfmetrics import stringWidth

from exam.core.pdf import fonts
from exam.core.pdf.attachment import Attachment
from exam.core.pdf.errors import FontMissingError, PhotoTooLargeError, PhotoUnreadableError
from exam.core.pdf.fonts import LABEL, TEXT, find_font_file, install_fonts, missing_characters
from exam.core.pdf.layout import fit, wrap
from exam.core.pdf.qr import qr_matrix
from exam.core.pdf.sheet import About, Ink, Sheet, render_sheet
from exam.core.pdf.tounicode import to_unicode_cmap
from exam.core.photo import MAX_BYTES, PRINT_PX, clean_photo
from tests.builders.documents import flat, object_names, portrait, qr_of, text_of

SIZE = (120.0, 90.0)
ABOUT = About(title="测试", author="机关", subject="科目", dated_on=date(2026, 6, 10))
CHINESE = st.text(st.sampled_from("安全生产知识考核，。；：（）《》“”、·ABC012 -/"), min_size=1, max_size=80)


def page(*lines: str, ink: Ink | None = None) -> bytes:
    def draw(sheet: Sheet) -> None:
        for number, line in enumerate(lines):
            sheet.text(10, 12 + number * 8, line, ink or Ink(font=TEXT))

    return render_sheet(SIZE, ABOUT, draw)


def extracted_by_pypdf(pdf: bytes) -> str:
    return pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text()


@pytest.mark.parametrize("font", [TEXT, LABEL])
def test_rare_characters_are_copied_out_as_themselves(font: str) -> None:
    pdf = page("䶮𬭳㛃·欧阳", ink=Ink(font=font, bold=True))
    assert flat(text_of(pdf)) == "䶮𬭳㛃·欧阳"
    assert flat(extracted_by_pypdf(pdf)) == "䶮𬭳㛃·欧阳"


def test_more_characters_than_one_subset_holds_are_copied_out_as_themselves() -> None:
    lines = ["".join(map(chr, range(start, start + 30))) for start in range(0x4E00, 0x4E00 + 300, 30)]
    assert flat(text_of(page(*lines, ink=Ink(size=8, font=TEXT)))) == "".join(lines)


@given(st.lists(st.integers(1, 0x10FFFF).filter(lambda c: not 0xD800 <= c < 0xE000), min_size=1, max_size=256))
def test_the_unicode_map_gives_every_code_its_character_in_blocks_of_a_hundred(subset: list[int]) -> None:
    cmap = to_unicode_cmap("AAAAAA+Font", subset)
    mappings = cmap.split("endcodespacerange")[1]
    pairs = re.findall(r"^<([0-9A-F]{2})> <([0-9A-F]+)>$", mappings, re.MULTILINE)
    read = {int(code, 16): bytes.fromhex(utf16).decode("utf-16-be") for code, utf16 in pairs}
    assert read == {code: chr(point) for code, point in enumerate(subset)}
    assert all(int(count) <= 100 for count in re.findall(r"(\d+) beginbfchar", cmap))


def test_codes_that_show_no_character_are_left_out_of_the_unicode_map() -> None:
    assert "<00>" not in to_unicode_cmap("F", [0, 65]).split("endcodespacerange")[1]


def test_equal_inputs_give_equal_bytes() -> None:
    assert page("安全生产", "𬭳") == page("安全生产", "𬭳")


def test_documents_made_at_the_same_time_do_not_mix() -> None:
    alone = [page(chr(0x5000 + number) * 5) for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda number: page(chr(0x5000 + number) * 5), range(12))) == alone


def test_every_font_is_embedded_and_nothing_can_run() -> None:
    names = object_names(page("安全"))
    assert "/FontFile2" in names
    assert "/Helvetica" not in names
    assert not names & {"/JavaScript", "/JS", "/OpenAction", "/AA", "/Launch", "/AcroForm", "/URI"}


def test_the_file_says_what_it_is_and_when_without_asking_a_clock() -> None:
    metadata = pypdf.PdfReader(io.BytesIO(page("安全"))).metadata
    assert metadata is not None
    assert (metadata.title, metadata.author, metadata.subject) == ("测试", "机关", "科目")
    assert metadata.creation_date_raw == "D:20260610000000+08'00'"


def test_a_file_carried_along_comes_out_unchanged() -> None:
    proof = Attachment("proof.txt", "text/plain", bytes(range(256)) * 20)
    other = Attachment("a.json", "application/json", b"{}")
    pdf = render_sheet(SIZE, ABOUT, lambda _: None, attachments=(proof, other))
    carried = pypdf.PdfReader(io.BytesIO(pdf)).attachments
    assert carried == {"a.json": [b"{}"], "proof.txt": [proof.content]}


def test_the_font_is_found_in_the_installed_distribution_without_importing_it() -> None:
    code = (
        "import sys; from exam.core.pdf.fonts import find_font_file, install_fonts; install_fonts();"
        "print(find_font_file().name, 'zhplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["NotoSansSC-Regular.ttf", "False"]


def test_a_font_named_by_the_settings_goes_first(tmp_path: Path) -> None:
    named = tmp_path / "own.ttf"
    named.touch()
    assert find_font_file(named) == named


def test_a_font_of_the_system_is_used_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "wqy-microhei.ttc").touch()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(fonts, "SYSTEM_FONTS", tmp_path)
    with caplog.at_level(logging.WARNING):
        assert find_font_file(tmp_path / "missing.ttf").name == "wqy-microhei.ttc"
    assert "rare name characters" in caplog.text


def test_no_font_at_all_is_an_error_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.machinery.ModuleSpec("zhplot", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    monkeypatch.setattr(fonts, "SYSTEM_FONTS", tmp_path)
    with pytest.raises(FontMissingError):
        find_font_file()


def test_characters_that_the_font_lacks_are_named_once() -> None:
    assert missing_characters("张\U000f0001三\U000f0002\U000f0001 䶮𬭳㛃\n") == "\U000f0001\U000f0002"


@pytest.mark.parametrize(
    "text",
    [
        "AK1." + "ABCDEFG234567" * 18,
        "https://cert.example.org/v/AK1." + "ABCDEFG234567" * 18,
        "AKT1.Qk3xN0aVbD7sT1yUw9LZ4A",
    ],
)
def test_a_drawn_qr_scans_as_its_text(text: str) -> None:
    assert qr_of(render_sheet(SIZE, ABOUT, lambda sheet: sheet.qr(10, 10, 60, text))) == text


def test_a_lower_case_address_costs_the_dense_payload_little() -> None:
    payload = "AK1." + "ABCDEFG234567" * 18
    address = "https://cert.example.org/v/"
    assert len(qr_matrix(address + payload)) < len(qr_matrix(address + payload.lower()))


@given(st.text(st.sampled_from("安全生产知识ABC012 "), min_size=1, max_size=80), st.floats(60, 200))
def test_wrapping_loses_nothing_and_stays_within_the_width(text: str, width: float) -> None:
    install_fonts()
    lines = wrap(text, TEXT, 10, width)
    assert flat("".join(lines)) == flat(text)
    assert all(stringWidth(line, TEXT, 10) <= width for line in lines)


@given(CHINESE, st.floats(60, 200))
def test_punctuation_is_never_lost(text: str, width: float) -> None:
    install_fonts()
    assert flat("".join(wrap(text, TEXT, 10, width))) == flat(text)


def test_closing_marks_do_not_begin_a_line_nor_opening_marks_end_one() -> None:
    install_fonts()
    text = "安全（生产）、《知识》，考核。" * 20
    lines = wrap(text, TEXT, 10, 83)
    assert len(lines) > 10
    assert not any(line[0] in "）、》，。" or line[-1] in "（《" for line in lines)


def test_words_and_numbers_stay_whole_and_a_line_feed_breaks() -> None:
    install_fonts()
    assert wrap("查询 cx.mem.gov.cn 即可\n完", TEXT, 10, 75) == ("查询", "cx.mem.gov.cn", "即可", "完")


def test_a_word_wider_than_the_box_is_broken_rather_than_cut() -> None:
    install_fonts()
    lines = wrap("A" * 60, TEXT, 10, 75)
    assert "".join(lines) == "A" * 60
    assert all(stringWidth(line, TEXT, 10) <= 75 for line in lines)


@settings(max_examples=60)
@given(st.text(st.sampled_from("安全生产公司·（）AB1"), min_size=1, max_size=60), st.integers(1, 3))
def test_fitted_text_is_whole_within_its_lines_and_never_larger(text: str, max_lines: int) -> None:
    install_fonts()
    fitted = fit(text, TEXT, 13, 150, max_lines=max_lines)
    assert flat("".join(fitted.lines)) == text
    assert len(fitted.lines) <= max_lines
    assert fitted.size <= 13


def test_a_long_name_breaks_after_its_middle_dot() -> None:
    install_fonts()
    fitted = fit("阿卜杜热合曼江·买买提艾力·库尔班江", TEXT, 13, 100, max_lines=2)
    assert fitted.lines in {
        ("阿卜杜热合曼江·", "买买提艾力·库尔班江"),
        ("阿卜杜热合曼江·买买提艾力·", "库尔班江"),
    }


def test_a_short_text_keeps_its_size() -> None:
    install_fonts()
    assert fit("张三", TEXT, 13, 100).size == 13


def test_a_photo_made_clean_passes_unchanged() -> None:
    once = clean_photo(portrait(size=(800, 1200)))
    assert clean_photo(once) == once


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_photo_is_made_smaller_in_proportion(kind: str) -> None:
    with Image.open(io.BytesIO(clean_photo(portrait(kind, (826, 1158))))) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", PRINT_PX)


def test_location_comments_and_trailers_do_not_survive() -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRET-PLACE"
    hidden = portrait(exif=exif.tobytes(), comment=b"SECRET-COMMENT") + b"SECRET-TRAILER\xff\xd9"
    assert b"SECRET" not in clean_photo(hidden)


def test_a_plain_photo_with_a_trailer_is_encoded_again() -> None:
    plain = clean_photo(portrait())
    assert b"SECRET" not in clean_photo(plain + b"SECRET\xff\xd9")


def test_a_photo_taken_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(io.BytesIO(clean_photo(portrait(size=(400, 300), exif=exif.tobytes())))) as picture:
        assert picture.size == (300, 400)


def test_a_transparent_photo_gets_a_white_ground() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(out, "PNG")
    with Image.open(io.BytesIO(clean_photo(out.getvalue()))) as picture:
        assert picture.getpixel((25, 25)) == (255, 255, 255)


def _gif() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 20)).save(out, "GIF")
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [b"", b"not a picture", b"%PDF-1.4", b"<svg/>", _gif(), portrait()[:2000], portrait("PNG")[:2000], portrait()[20:]],
)
def test_wrong_bytes_are_refused_by_name(data: bytes) -> None:
    with pytest.raises(PhotoUnreadableError):
        clean_photo(data)


@settings(max_examples=150)
@given(st.sampled_from(["JPEG", "PNG"]), st.data())
def test_damaged_bytes_are_printed_or_refused_by_name(kind: str, data: st.DataObject) -> None:
    damaged = bytearray(portrait(kind, (40, 56)))
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with suppress(PhotoUnreadableError, PhotoTooLargeError):
        pdf = render_sheet(
            SIZE, ABOUT, lambda sheet: sheet.photo((10, 10, 35, 49), bytes(damaged), frame=Color(0, 0, 0))
        )
        assert pdf.startswith(b"%PDF-")


def test_too_many_bytes_are_refused_before_anything_is_read() -> None:
    with pytest.raises(PhotoTooLargeError):
        clean_photo(b"\xff\xd8" + bytes(MAX_BYTES))


def test_a_small_file_that_claims_a_huge_picture_is_refused_before_decoding() -> None:
    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    with pytest.raises((PhotoTooLargeError, PhotoUnreadableError)):
        clean_photo(png + b"\x00\x00\x00\x00IEND\xaeB`\x82")
