"""Rows of tables: headings, options, keys and every reason to refuse one."""

from collections.abc import Sequence
from datetime import date
from io import BytesIO

import openpyxl
import pytest

from exam.core.sheets.writer import write_csv, write_workbook
from questionbank.formats.errors import NoQuestionsError
from questionbank.formats.options import split_options
from questionbank.formats.reader import read_questions
from questionbank.formats.reading import Reading
from questionbank.formats.refusals import RowError
from questionbank.items.content import Depth, Interaction, ItemContent, Option
from tests.builders.workbooks import Placed, make_xls

HEAD = ["题型", "题目", "选项", "答案"]
STEM = "进入有限空间作业前应先()。"
OPTIONS = "**A.通风**B.检测**C.审批**D.照明"


def read_rows(*rows: Sequence[str | int | float], head: list[str] | None = None) -> Reading:
    return read_questions(write_workbook(head or HEAD, rows), "题库.xlsx")


def read_one(*row: str | float, head: list[str] | None = None) -> ItemContent:
    reading = read_rows(list(row), head=head)
    assert not reading.refused
    return reading.drafts[0].content


def refusal_code(*row: str | float, head: list[str] | None = None) -> str:
    reading = read_rows(list(row), head=head)
    assert not reading.drafts
    assert reading.refused[0].row == 2
    assert "{" not in reading.refused[0].text
    return reading.refused[0].code


# headings


def test_headings_with_notes_synonyms_and_a_title_above_are_found() -> None:
    rows = [
        [
            "题型(判断题、单选题)*",
            "试题内容",
            "题目选项（选项之间用##隔开）",
            "正确答案 ",
            "难易程度",
            "知识点",
            "考核要求",
            "试题解析",
            "出题依据",
        ],
        ["单选题", STEM, "A.通风##B.检测", "B", "较难", "3.2", "熟练掌握", "先检测后作业", "有限空间作业规定"],
    ]
    reading = read_questions(write_workbook(["某题库", "", ""], rows), "a.xlsx")
    (draft,) = reading.drafts
    assert (draft.row, draft.node, draft.depth, draft.difficulty) == (3, "3.2", Depth.MASTER, 55)
    assert (draft.content.explanation, draft.content.basis) == ("先检测后作业", "有限空间作业规定")
    assert draft.content.key == ("B",)


@pytest.mark.parametrize(
    "titles", [list("ABCD"), ["选项A", "选项B", "选项C", "选项D"], ["选项1", "选项2", "选项3", "选项4"]]
)
def test_options_in_columns_of_their_own_are_gathered(titles: list[str]) -> None:
    head = ["题型", "题目", *titles, "答案"]
    content = read_one("多选题", STEM, "通风", "检测", 36, "", "AC", head=head)
    assert content.options == (Option("A", "通风"), Option("B", "检测"), Option("C", "36"))
    assert content.key == ("A", "C")


def test_a_gap_between_option_columns_is_refused() -> None:
    head = ["题型", "题目", "A", "B", "C", "答案"]
    assert refusal_code("单选题", STEM, "通风", "", "检测", "C", head=head) == "option_empty"


def test_unknown_columns_are_counted_and_blank_rows_left_out() -> None:
    reading = read_rows(
        ["判断题", "甲说法。", "", "对", "2"],
        ["", "", "", "", ""],
        ["判断题", "乙说法。", "", "错", "2"],
        head=[*HEAD, "分值"],
    )
    assert reading.unsupported == {"column 分值": 2}
    assert [draft.row for draft in reading.drafts] == [2, 4]


def test_a_table_without_any_sign_of_items_is_an_error() -> None:
    with pytest.raises(NoQuestionsError):
        read_questions(write_csv(["姓名", "单位"], [["甲", "乙"]]), "a.csv")


def test_rows_of_a_second_sheet_go_on_counting() -> None:
    book = openpyxl.Workbook()
    for page in (book.worksheets[0], book.create_sheet("第二页")):
        page.append(HEAD)
        page.append(["判断题", f"{page.title}的说法。", "", "对"])
    book.create_sheet("说明").append(["填写说明", "请勿修改标题"])
    buffer = BytesIO()
    book.save(buffer)
    reading = read_questions(buffer.getvalue(), "a.xlsx")
    assert [draft.row for draft in reading.drafts] == [2, 4]
    assert reading.unsupported == {"sheet 说明": 1}


def test_tables_without_headings_are_known_by_their_width() -> None:
    choice = read_questions(
        "1,先断电再(),验电,送电,离开,休息,A\n2,应佩戴(),安全帽,草帽,便帽,礼帽,A\n".encode("gb18030"), "a.csv"
    )
    judgement = read_questions("1,湿手可以操作开关。,F\n2,作业前应验电。,T\n".encode(), "a.csv")
    assert [draft.content.interaction for draft in choice.drafts] == [Interaction.CHOICE] * 2
    assert [draft.content.key for draft in judgement.drafts] == [("F",), ("T",)]


def test_a_row_of_another_width_is_refused_alone() -> None:
    reading = read_questions(b"1,one,T\n2,two,F\n3,three,T,extra\n", "a.csv")
    assert (len(reading.drafts), reading.refused[0].row, reading.refused[0].code) == (2, 3, "record_shape")


# options


@pytest.mark.parametrize(
    "text",
    [
        "**A.通风**B.检测**C.审批",
        "**A、通风 **B、检测 **C、审批 ",
        "**A通风**B：检测***C 审批\n",
        "A.通风##B.检测##C.审批",
        "通风##检测##审批",
        "A.通风\nB.检测\nC.审批",
        "A.通风|B.检测|C.审批",
        "A.通风 B.检测  C.审批",
        "Ａ．通风##Ｂ．检测##Ｃ．审批",
    ],
)
def test_every_way_to_join_options_gives_the_same(text: str) -> None:
    assert [option.text.strip() for option in split_options(text)] == ["通风", "检测", "审批"]


def test_a_mark_inside_an_option_is_no_label() -> None:
    options = split_options("**A.30m**A**B.50m**A**C.**A、**B都可以")
    assert [option.text for option in options] == ["30mA", "50mA", "A、B都可以"]


@pytest.mark.parametrize("text", ["**A.甲**B.乙**D.丙", "**A.甲**A.乙**B.丙", "A.甲##C.乙"])
def test_labels_out_of_order_are_refused(text: str) -> None:
    with pytest.raises(RowError) as caught:
        split_options(text)
    assert caught.value.code == "option_order"


def test_words_that_start_with_a_capital_keep_it() -> None:
    assert [option.text for option in split_options("Acetylene##Butane##CO2")] == ["Acetylene", "Butane", "CO2"]


# keys


@pytest.mark.parametrize("key", ["正确", "对", "√", "✓", "T", "true", "是", "1", "Ｔ", "正确。", True])
def test_every_notation_of_right(key: str) -> None:
    assert read_one("判断题", "高处作业应系安全带。", "", key if isinstance(key, str) else "TRUE").key == ("T",)


@pytest.mark.parametrize("key", ["错误", "错", "×", "✗", "F", "FALSE", "否", "0", "X", "不正确"])
def test_every_notation_of_wrong(key: str) -> None:
    assert read_one("是非题", "高处作业不必系安全带。", "", key).key == ("F",)


@pytest.mark.parametrize(
    ("options", "key"), [("A.正确##B.错误", "T"), ("A.错误##B.正确", "F"), ("**A:对**B:不对", "T")]
)
def test_a_letter_of_a_judgement_means_its_option(options: str, key: str) -> None:
    content = read_one("判断题", "作业前应验电。", options, "A ")
    assert (content.key, content.options) == ((key,), ())


@pytest.mark.parametrize("key", ["A,B,D", "ABD", "A、B、D", "abd", "A B D", "ＡＢＤ", "D;B;A"])
def test_letters_of_a_multiple_choice_come_in_any_notation(key: str) -> None:
    assert read_one("多选题", STEM, OPTIONS, key).key == ("A", "B", "D")


def test_a_key_that_quotes_its_option_is_understood() -> None:
    assert read_one("单选题", STEM, OPTIONS, "检测").key == ("B",)


def test_a_text_entry_has_variants() -> None:
    content = read_one("填空题", "安全电压的上限是____V。", "", "36|三十六")
    assert (content.interaction, content.key) == (Interaction.TEXT_ENTRY, ("36", "三十六"))


@pytest.mark.parametrize(
    ("options", "key", "interaction"),
    [
        (OPTIONS, "A", Interaction.CHOICE),
        (OPTIONS, "AB", Interaction.MULTIPLE),
        ("A.对##B.错", "A", Interaction.JUDGEMENT),
        ("", "√", Interaction.JUDGEMENT),
    ],
)
def test_a_file_without_kinds_is_read_by_its_keys(options: str, key: str, interaction: Interaction) -> None:
    assert read_one(STEM, options, key, head=["题目", "选项", "答案"]).interaction is interaction


def test_difficulty_as_share_of_right_answers_is_turned_round() -> None:
    reading = read_rows(["判断题", "甲说法。", "", "对", 0.8], head=[*HEAD, "难度系数"])
    assert reading.drafts[0].difficulty == 20


# refusals


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("单选题", "", OPTIONS, "A"), "stem_empty"),
        (("单选题", "1.", OPTIONS, "A"), "stem_empty"),
        (("单选题", STEM, OPTIONS, "AB"), "key_count"),
        (("多选题", STEM, OPTIONS, "A"), "key_count"),
        (("单选题", STEM, OPTIONS, "E"), "key_without_option"),
        (("单选题", STEM, OPTIONS, ""), "key_missing"),
        (("单选题", STEM, OPTIONS, "略"), "key_unclear"),
        (("单选题", STEM, OPTIONS, "AA"), "key_unclear"),
        (("判断题", STEM, "", "A"), "key_unclear"),
        (("判断题", STEM, OPTIONS, "A"), "judgement_options"),
        (("单选题", STEM, "**A.通风**B.通 风", "A"), "options_same"),
        (("单选题", STEM, "**A. **B. ", "A"), "option_empty"),
        (("单选题", STEM, "", "A"), "option_count"),
        (("单选题", STEM, "##".join("一二三四五六七八九十百"), "A"), "option_count"),
        (("单选题", STEM, f"**A.{'长' * 1001}**B.短", "A"), "text_too_long"),
        (("单选题", "长" * 4001, OPTIONS, "A"), "text_too_long"),
        (("单选题", "先断\u200b电", OPTIONS, "A"), "hidden_character"),
        (("单选题", "先断\u202e电", OPTIONS, "A"), "hidden_character"),
        (("单选题", "先断\x07电", OPTIONS, "A"), "hidden_character"),
        (("单选题", "先断\ufffd电", OPTIONS, "A"), "hidden_character"),
        (("计算题", STEM, "", "略"), "unsupported_interaction"),
        (("简答题", STEM, "", "略。"), "reference_missing"),
        (("简答题", STEM, "", "\n".join("一" * 31)), "reference_count"),
        (("奇怪题", STEM, OPTIONS, "A"), "kind_unclear"),
        (("填空题", "____和____", "", "甲"), "blank_count"),
        (("填空题", "____", "", ""), "key_missing"),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused_by_code(row: tuple[str, ...], code: str) -> None:
    assert refusal_code(*row) == code


@pytest.mark.parametrize(
    ("title", "value", "code"), [("难度", "101", "difficulty_unclear"), ("掌握程度", "会", "depth_unclear")]
)
def test_a_value_nobody_can_read_is_refused(title: str, value: str, code: str) -> None:
    assert refusal_code("判断题", "甲说法。", "", "对", value, head=[*HEAD, title]) == code


def test_an_option_that_became_a_date_is_refused() -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["题目", "A", "B", "答案"])
    page.append(["保护接地电阻不大于()欧。", "4", "10", "A"])
    page.append(["人数应为()人。", "3-5", "1-2", "A"])
    page["B3"].value = date(2026, 3, 5)
    buffer = BytesIO()
    book.save(buffer)
    reading = read_questions(buffer.getvalue(), "a.xlsx")
    assert [(refusal.row, refusal.code) for refusal in reading.refused] == [(3, "date_cell")]
    assert "A" in reading.refused[0].text


def _book(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(row)
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("rows", "refused"),
    [
        (
            [["序号", "题目", "A", "B", "答案"], ["=ROW()-1", "甲?", "4", "10", "A"], ["=2", "乙?", "4", "=C2+1", "A"]],
            (3, "B"),
        ),
        ([["1", "甲?", "4", "10", "A"], ["2", "乙?", "4", "10", '=IF(TRUE,"B","A")']], (2, "E")),
    ],
)
def test_a_formula_is_refused_where_it_is_read(rows: list[list[object]], refused: tuple[int, str]) -> None:
    reading = read_questions(_book(*rows), "a.xlsx")
    assert [(each.row, each.code, each.text[1]) for each in reading.refused] == [
        (refused[0], "formula_cell", refused[1])
    ]
    assert len(reading.drafts) == 1


def test_a_formula_of_a_binary_workbook_is_refused_where_it_is_read() -> None:
    rows = [["序号", "题目", "A", "B", "答案"], ["1", "甲?", "4", "10", "A"], ["2", "乙?", "4", "11", "A"]]
    cells = [
        Placed(row, column, text, computed=(row, column) in {(1, 0), (2, 3)})
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
    ]
    reading = read_questions(make_xls({"题": cells}), "a.xls")
    assert [(each.row, each.code, each.text[1]) for each in reading.refused] == [(3, "formula_cell", "B")]
    assert len(reading.drafts) == 1


def test_unsupported_kinds_are_counted() -> None:
    reading = read_rows(["操作题", "甲?", "", "略"], ["操作题", "乙?", "", "略"])
    assert reading.unsupported == {"操作题": 2}


# text


def test_text_that_looks_like_a_formula_is_kept() -> None:
    assert read_one("判断题", "=SUM(A1)是公式。", "", "对").stem == "=SUM(A1)是公式。"


def test_full_width_punctuation_and_line_breaks_are_kept() -> None:
    assert read_one("判断题", "  甲，乙（ ）；\r\n丙。\t", "", "对").stem == "甲，乙（ ）；\n丙。"


def test_numbers_go_and_quantities_stay() -> None:
    stems = [
        "1.甲是对的。",
        "2、10kV以上为高压。",
        "3.1.5 mm²铜线可用。",
        "4.4、丁是对的。",
        "5、应急预案须演练。",
        "6应急照明须完好。",
        "36、24、12V均可。",
    ]
    reading = read_rows(*[["判断题", stem, "", "对"] for stem in stems])
    assert [draft.content.stem for draft in reading.drafts] == [
        "甲是对的。",
        "10kV以上为高压。",
        "1.5 mm²铜线可用。",
        "丁是对的。",
        "应急预案须演练。",
        "应急照明须完好。",
        "24、12V均可。",
    ]


def test_quantities_at_the_start_of_unnumbered_stems_stay() -> None:
    stems = ["1.5 mm²铜线可用。", "36、24、12V均可。", "10kV以上为高压。"]
    reading = read_rows(*[["判断题", stem, "", "对"] for stem in stems])
    assert [draft.content.stem for draft in reading.drafts] == stems
