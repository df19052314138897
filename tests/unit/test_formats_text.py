"""JSON, line, Aiken and GIFT banks, and how a file's dialect is told."""

import pytest

from exam.core.sheets.errors import BinaryFileError, EmptyFileError, FileTooLargeError, UnreadableFileError
from questionbank.formats.errors import (
    MalformedJsonError,
    MislabelledFileError,
    NoQuestionsError,
    UnsupportedFormatError,
)
from questionbank.formats.reader import MAX_BYTES, read_questions
from questionbank.formats.reading import Reading
from questionbank.items.content import Interaction, ItemContent, Option


def read_text(text: str, filename: str = "bank.txt") -> Reading:
    return read_questions(text.encode(), filename)


def read_one(text: str, filename: str = "bank.txt") -> ItemContent:
    reading = read_text(text, filename)
    assert not reading.refused
    (draft,) = reading.drafts
    return draft.content


# JSON


def test_a_json_list_with_joined_options() -> None:
    content = read_one(
        '[{"category":"单选题","title":"应先()。","choices":"**A、验电**B、送电","answers":"A"}]', "a.json"
    )
    assert content == ItemContent(
        interaction=Interaction.CHOICE,
        stem="应先()。",
        options=(Option("A", "验电"), Option("B", "送电")),
        key=("A",),
    )


def test_json_sections_number_their_rows_through() -> None:
    reading = read_text(
        '{"single_choice":[{"id":1,"type":"single","question":"应先()。","options":{"A":"验电","B":"送电"},"answer":"A"}],'
        '"true_false":[{"id":1,"question":"湿手可以操作开关。","answer":false},{"question":"作业前应验电。","answer":true}],'
        '"multiple_choice":[{"question":"应佩戴()。","options":["安全帽","手套","首饰"],"answer":["A","B"]}],'
        '"meta":{"total_count":4}}',
        "a.json",
    )
    assert [draft.row for draft in reading.drafts] == [1, 2, 3, 4]
    assert [draft.content.key for draft in reading.drafts] == [("A",), ("F",), ("T",), ("A", "B")]
    assert reading.unsupported == {}


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ('[{"title":"a"},\n {"title":', 2, 11),
        ("[]\n[]", 2, 1),
        ('[\n  {"title" "a"}]', 2, 12),
        ("", 1, 1),
        ("[" * 100_000, 1, 1),
        ('[{"title": NaN}]', 1, 12),
    ],
    ids=["truncated", "concatenated", "syntax", "blank", "deep", "nan"],
)
def test_json_that_is_not_whole_is_refused_whole_with_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(MalformedJsonError if text else EmptyFileError) as caught:
        read_text(text, "a.json")
    assert caught.value.fields == ({"line": line, "column": column} if text else {})


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ('{"title":"a","answers":"A","colour":1}', "record_shape"),
        ('{"title":"a"}', "record_shape"),
        ('"text"', "record_shape"),
        ('{"question":"甲?","options":{"A":"乙","C":"丙"},"answer":"A"}', "option_order"),
        ('{"question":"甲?","type":"essay?","answer":"A"}', "kind_unclear"),
    ],
)
def test_a_json_row_of_another_shape_is_refused_alone(row: str, code: str) -> None:
    reading = read_text(f'[{{"title":"甲说法。","answers":true}},{row}]', "a.json")
    assert [(refusal.row, refusal.code) for refusal in reading.refused] == [(2, code)]
    assert len(reading.drafts) == 1


@pytest.mark.parametrize("text", ["{}", "[]", "3", '{"meta":{}}'])
def test_json_without_rows_is_an_error(text: str) -> None:
    with pytest.raises(NoQuestionsError):
        read_text(text, "a.json")


# lines


def test_the_judgement_lines_call_the_first_answer_right() -> None:
    reading = read_text("0#作业前应验电。$0\n1#湿手可以操作开关。$1\n")
    assert [draft.content.key for draft in reading.drafts] == [("T",), ("F",)]
    assert reading.dialect == "hash-lines"


def test_the_first_option_of_a_choice_line_is_right() -> None:
    content = read_one("0#应先()。#验电$送电$休息\n")
    assert content.key == ("A",)
    assert [option.text for option in content.options] == ["验电", "送电", "休息"]


def test_a_line_of_another_shape_is_refused_with_its_number() -> None:
    reading = read_text("0#作业前应验电。$0\n\n1#没有答案\n2#答案不明。$7\n")
    assert [(refusal.row, refusal.code) for refusal in reading.refused] == [(3, "record_shape"), (4, "key_unclear")]


# Aiken


def test_aiken_questions_are_numbered_by_their_first_line() -> None:
    reading = read_text("应先\n()。\nA. 验电\nB) 送电\nANSWER: A\n\n湿手可以操作开关。\nA. 正确\nB. 错误\nANSWER: B\n")
    first, second = reading.drafts
    assert (first.row, first.content.stem, first.content.key) == (1, "应先\n()。", ("A",))
    assert (second.row, second.content.interaction, second.content.key) == (7, Interaction.JUDGEMENT, ("F",))


def test_an_aiken_question_without_an_answer_is_refused_alone() -> None:
    reading = read_text("甲?\nA. 一\nB. 二\n\n乙?\nA. 一\nB. 二\nANSWER: B\nANSWER: C\n丙?\n")
    assert [(refusal.row, refusal.code) for refusal in reading.refused] == [
        (1, "key_missing"),
        (9, "stem_empty"),
        (10, "key_missing"),
    ]
    assert [draft.row for draft in reading.drafts] == [5]


def test_aiken_letters_out_of_order_are_refused() -> None:
    assert read_text("甲?\nA. 一\nC. 二\nANSWER: A\n").refused[0].code == "option_order"


# GIFT


@pytest.mark.parametrize(
    ("text", "interaction", "key"),
    [
        ("::一::作业前应验电。{T}", Interaction.JUDGEMENT, ("T",)),
        ("湿手可以操作开关。{FALSE#会触电#正是}", Interaction.JUDGEMENT, ("F",)),
        ("应先{=验电 ~送电 ~休息}。", Interaction.CHOICE, ("A",)),
        ("应佩戴{~%50%安全帽 ~%50%手套 ~%-100%首饰}", Interaction.MULTIPLE, ("A", "B")),
        ("安全电压上限{=36 =三十六}V", Interaction.TEXT_ENTRY, ("36", "三十六")),
        ("几?{#3}", Interaction.TEXT_ENTRY, ("3±0",)),
        ("几伏?{#36:0.5}", Interaction.TEXT_ENTRY, ("36±0.5",)),
        ("几伏?{#=35..37 =220:22}", Interaction.TEXT_ENTRY, ("36±1", "220±22")),
        ("配对{=甲 -> 乙 =丙 -> 丁 = -> 戊}", Interaction.MATCH, ("1B", "2C")),
        ("去哪{=甲->乙 ~丙}", Interaction.CHOICE, ("A",)),
        ("去哪{=甲->乙}", Interaction.TEXT_ENTRY, ("甲->乙",)),
        ("去哪{=%100%甲->乙 =%100%丙}", Interaction.TEXT_ENTRY, ("甲->乙", "丙")),
        ("安全电压上限{36}", Interaction.TEXT_ENTRY, ("36",)),
        ("[html]<p>应先<b>验电</b>&nbsp;吗</p>{T}", Interaction.JUDGEMENT, ("T",)),
    ],
)
def test_gift_interactions(text: str, interaction: Interaction, key: tuple[str, ...]) -> None:
    content = read_one(text, "a.gift")
    assert (content.interaction, content.key) == (interaction, key)


def test_gift_escapes_blank_and_explanation() -> None:
    content = read_one("式 a\\=b\\{1\\} 中{=甲\\:乙 ~丙\\~丁}成立\n", "a.gift")
    assert content.stem == "式 a=b{1} 中 _____ 成立"
    assert [option.text for option in content.options] == ["甲:乙", "丙~丁"]
    assert read_one("甲?{T####见规程}", "a.gift").explanation == "见规程"


def test_gift_names_what_it_cannot_hold() -> None:
    reading = read_text(
        "$CATEGORY: 电工\n\n// 注释\n只有说明\n\n论述。{}\n\n几?{#3}\n\n配对{=甲 -> 乙 =丙 -> 丁}\n\n选{~%60%甲 ~%20%乙}\n",
        "a.gift",
    )
    assert [refusal.code for refusal in reading.refused] == [
        "unsupported_interaction",
        "reference_missing",
        "partial_credit",
    ]
    assert reading.unsupported == {"category": 1, "description": 1}
    assert [refusal.row for refusal in reading.refused] == [4, 6, 12]


def test_a_picture_in_gift_html_is_refused() -> None:
    assert read_text("[html]见图<img src='a.png'>{T}", "a.gift").refused[0].code == "figure_absent"


# dialects


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("甲?\nA. 一\nB. 二\nANSWER: A\n", "aiken"),
        ("甲{=一 ~二}\n", "gift"),
        ("0#甲。$0\n", "hash-lines"),
        ('[{"title":"a=b。","answers":true}]', "json-list"),
        ("题目,答案\n甲。,对\n", "delimited"),
        ("题目\t答案\n甲。\t对\n", "delimited"),
    ],
)
def test_a_text_file_tells_its_dialect(text: str, dialect: str) -> None:
    assert read_text(text).dialect == dialect


@pytest.mark.parametrize(
    ("data", "filename"),
    [
        ("题目,答案\n甲。,对\n".encode(), "a.xlsx"),
        ("题目,答案\n甲。,对\n".encode(), "a.xls"),
        (b"<quiz/>", "a.csv"),
        ("题目,答案\n甲。,对\n".encode(), "a.xml"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.xlsx"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(data: bytes, filename: str) -> None:
    with pytest.raises(MislabelledFileError):
        read_questions(data, filename)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyFileError),
        (b" \n", EmptyFileError),
        (b"a\0b", BinaryFileError),
        (b"%PDF-1.7\n", UnsupportedFormatError),
        (b"just words", NoQuestionsError),
        (b"<html></html>", NoQuestionsError),
        (b"<questestinterop/>", UnsupportedFormatError),
        (bytes(MAX_BYTES + 1), FileTooLargeError),
    ],
    ids=["empty", "blank", "binary", "pdf", "words", "html", "qti12", "large"],
)
def test_a_file_that_gives_nothing_says_why(data: bytes, error: type[UnreadableFileError]) -> None:
    with pytest.raises(error) as caught:
        read_questions(data, "file")
    assert caught.value.message.format(**caught.value.fields)
