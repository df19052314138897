"""The separate reading process, and the promise that no bytes raise anything but a domain error."""

import zipfile
from io import BytesIO

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam.core import limited
from exam.core.errors import DomainError
from exam.core.sheets.errors import ArchiveBombError, ReaderStoppedError
from exam.core.sheets.writer import write_workbook
from questionbank.formats.errors import MalformedJsonError, MislabelledFileError
from questionbank.formats.limited import read_in_subprocess
from questionbank.formats.reader import read_questions
from questionbank.formats.reading import Reading

BOOK = write_workbook(["题型", "题目", "答案"], [["判断题", "作业前应验电。", "对"], ["判断题", "", "错"]])
SUFFIXES = ["", ".txt", ".csv", ".json", ".xml", ".gift", ".xlsx", ".zip"]


def read_or_refuse(data: bytes, filename: str) -> None:
    """Let everything through but what the promise allows; a domain error must be able to say its sentence."""
    try:
        reading = read_questions(data, filename)
    except DomainError as error:
        sentence = error.message.format(**error.fields)
    else:
        sentence = "".join(refusal.text for refusal in reading.refused)
        assert msgspec.json.decode(msgspec.json.encode(reading), type=Reading) == reading
    assert "{" not in sentence or b"{" in data


def test_the_child_reads_the_same() -> None:
    assert read_in_subprocess(BOOK, "题库.xlsx") == read_questions(BOOK, "题库.xlsx")


def test_an_error_of_the_child_keeps_its_kind_and_fields() -> None:
    with pytest.raises(MalformedJsonError) as malformed:
        read_in_subprocess(b"[1,\n2", "a.json")
    assert malformed.value.fields == {"line": 2, "column": 2}
    with pytest.raises(MislabelledFileError):
        read_in_subprocess(BOOK, "a.csv")


def test_a_bomb_is_refused_by_name() -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(50_000_000))
    with pytest.raises(ArchiveBombError):
        read_in_subprocess(buffer.getvalue(), "a.xlsx")


def test_too_little_memory_becomes_a_domain_error() -> None:
    with pytest.raises(ReaderStoppedError) as caught:
        read_in_subprocess(b"[" + b'"x",' * 4_000_000 + b'"x"]', "a.json", memory_mb=80)
    assert caught.value.fields == {"reason": "memory_or_crash"}


def test_a_child_out_of_processor_time_becomes_a_domain_error(monkeypatch: pytest.MonkeyPatch) -> None:
    # on a busy machine a second of processor time takes long, and the other limit would come first
    monkeypatch.setattr(limited, "_START_UP_S", 120)
    with pytest.raises(ReaderStoppedError) as caught:
        read_in_subprocess(b"a,b\n" * 8_000_000, "a.csv", memory_mb=4096, seconds=1)
    assert caught.value.fields == {"reason": "memory_or_crash"}


def test_a_child_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "_START_UP_S", -0.99)
    with pytest.raises(ReaderStoppedError) as caught:
        read_in_subprocess(BOOK, "a.xlsx", seconds=1)
    assert caught.value.fields == {"reason": "time"}


@pytest.mark.parametrize("filename", ["", ".", "a\0.xlsx", "--help.xlsx", "../../x.xlsx", "a." + "x" * 5000])
def test_a_strange_name_harms_nobody(filename: str) -> None:
    assert read_in_subprocess(BOOK, filename).refused[0].row == 3


@given(st.binary(max_size=300), st.sampled_from(SUFFIXES))
def test_any_bytes_give_a_reading_or_a_domain_error(data: bytes, suffix: str) -> None:
    read_or_refuse(data, f"a{suffix}")


PIECES = st.sampled_from(
    [
        "题目,答案\n",
        "题型\t题目\tA\tB\t答案\n",
        "单选题\t甲\t一\t二\tA\n",
        '"',
        ",",
        "\n",
        "1,a,b,c,d,e,A\n",
        "0#甲$0\n",
        "0#甲#一$二\n",
        "甲?\nA. 一\nB. 二\n",
        "ANSWER: A\n",
        "::t::",
        "{=甲 ~乙}",
        "{",
        "}",
        "\\",
        "{T}",
        "%50%",
        "[html]<p>",
        "<![",
        "<quiz>",
        "</quiz>",
        "<question type='multichoice'><answer fraction='x'>",
        "</answer></question>",
        '[{"title":',
        '"甲","answers":true}]',
        "**A.",
        "##",
        "\u200b",
        "\ufdd0",
        "1.",
        "甲" * 50,
        "〔图1〕",
        "<img src='data:image/gif;base64,R0lGODlh",
        "&lt;img src='@@PLUGINFILE@@/a.png'&gt;",
        "&lt;math&gt;&lt;mfenced&gt;",
        "<itemBody><object data='a' type='audio/wav'>",
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join), st.sampled_from(SUFFIXES))
def test_any_mixture_of_dialects_gives_a_reading_or_a_domain_error(text: str, suffix: str) -> None:
    read_or_refuse(text.encode(), f"a{suffix}")


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_damaged_workbook_gives_a_reading_or_a_domain_error(data: st.DataObject) -> None:
    book = bytearray(BOOK)
    for _ in range(data.draw(st.integers(1, 8))):
        book[data.draw(st.integers(0, len(book) - 1))] = data.draw(st.integers(0, 255))
    read_or_refuse(bytes(book[: data.draw(st.integers(1, len(book)))]), "a.xlsx")


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=120), st.sampled_from(["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"]))
def test_a_workbook_with_damaged_parts_gives_a_reading_or_a_domain_error(text: str, part: str) -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(BOOK)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            half = len(content) // 2
            target.writestr(
                name, content[:half] + text.encode("utf-8", "replace") + content[half:] if name == part else content
            )
    read_or_refuse(buffer.getvalue(), "a.xlsx")
