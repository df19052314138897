"""Papers as authors type them, in text and in Word."""

import zipfile
from io import BytesIO

import pytest

from questionbank.formats.errors import ForbiddenXmlError, MislabelledFileError, NoQuestionsError
from questionbank.formats.reader import read_questions
from questionbank.formats.reading import Reading
from questionbank.items.content import Interaction
from tests.builders.word import docx, paragraph, run, table

PAPER = """安全生产知识试卷

一、判断题(每题1分)
1、使用验电器前应先在有电的设备上试验。(√)
2.安全帽受过重击后外观完好的可以继续使用。 ( × )

二、单选题
1. 高处作业是指坠落高度基准面( )及以上的作业。
A.1m   B.2m
C.3m   D.5m
答案:B
解析:见高处作业分级,
坠落高度从二米起算。
依据:GB/T 3608
难度:易
2. 36、24、12V 中最适合潮湿容器内照明的是(C)。
A. 36V B. 24V C. 12V

三、多项选择题
1. 动火作业前应当
确认的有( ABD )。
A、可燃气体浓度
B、监护人到位
C、天气预报里的湿度
D、灭火器材
"""


def found(reading: Reading) -> list[tuple[int, Interaction, tuple[str, ...]]]:
    return [(draft.row, draft.content.interaction, draft.content.key) for draft in reading.drafts]


def test_a_typed_paper_is_read_with_its_sections_and_keys() -> None:
    reading = read_questions(PAPER.encode(), "试卷.txt")
    assert reading.dialect == "numbered"
    assert reading.refused == ()
    assert found(reading) == [
        (4, Interaction.JUDGEMENT, ("T",)),
        (5, Interaction.JUDGEMENT, ("F",)),
        (8, Interaction.CHOICE, ("B",)),
        (16, Interaction.CHOICE, ("C",)),
        (20, Interaction.MULTIPLE, ("A", "B", "D")),
    ]


def test_the_parts_of_a_question_stand_where_they_belong() -> None:
    drafts = read_questions(PAPER.encode(), "试卷.txt").drafts
    third, fourth, fifth = (drafts[index].content for index in (2, 3, 4))
    assert drafts[0].content.stem == "使用验电器前应先在有电的设备上试验。"
    assert [option.text for option in third.options] == ["1m", "2m", "3m", "5m"]
    assert third.explanation == "见高处作业分级,\n坠落高度从二米起算。"
    assert (third.basis, drafts[2].difficulty) == ("GB/T 3608", 15)
    assert fourth.stem == "36、24、12V 中最适合潮湿容器内照明的是( )。"
    assert fifth.stem == "动火作业前应当\n确认的有( )。"


@pytest.mark.parametrize(
    "keys",
    [
        "参考答案\n一、判断题\n1-3 √×√\n二、单选题\n1.B 2.A",
        "参考答案:\n判断题\n1.√ 2.× 3.√\n单选题\n1~2:B A",
        "标准答案\n一、判断题\n1对 2错 3对\n二、单选题\n1、B\n2、A",
    ],
)
def test_a_list_of_keys_at_the_end_is_read_by_section(keys: str) -> None:
    text = (
        "一、判断题\n1、甲先于乙送电。\n2、乙先于丙送电。\n3、丙先于丁送电。\n"
        "二、单选题\n1、先送( )\nA.甲 B.乙\n2、后送( )\nA.丙 B.丁\n" + keys
    )
    reading = read_questions(text.encode(), "a.txt")
    assert [draft.content.key for draft in reading.drafts] == [("T",), ("F",), ("T",), ("B",), ("A",)]
    assert reading.refused == ()


@pytest.mark.parametrize(
    ("second", "numbers"), [("二、单选题", (1, 2)), ("二、单选题", (3, 4)), ("第二章 判断题之后", (1, 2)), ("", (1, 2))]
)
def test_keys_below_each_part_of_a_paper_are_those_of_that_part(second: str, numbers: tuple[int, int]) -> None:
    """A list of keys must neither swallow the questions after it nor lend its keys to them."""
    one, other = numbers
    text = (
        "一、单选题\n1、先送( )\nA.甲 B.乙\n2、后送( )\nA.丙 B.丁\n参考答案\n1-2 BA\n"
        f"{second}\n{one}、先停( )\nA.甲 B.乙\n{other}、后停( )\nA.丙 B.丁\n参考答案\n{one}.A {other}.B"
    )
    reading = read_questions(text.encode(), "a.txt")
    assert reading.refused == ()
    assert [(draft.content.stem, draft.content.key) for draft in reading.drafts] == [
        ("先送( )", ("B",)),
        ("后送( )", ("A",)),
        ("先停( )", ("A",)),
        ("后停( )", ("B",)),
    ]


def test_a_key_in_words_in_a_list_at_the_end_begins_no_question() -> None:
    text = (
        "一、判断题\n1、甲先于乙送电。\n二、填空题\n1、停电后先____。\n三、单选题\n1、先送( )\nA.甲 B.乙\n"
        "参考答案\n一、判断题\n1.√\n二、填空题\n1.验电\n三、单选题\n1.B"
    )
    reading = read_questions(text.encode(), "a.txt")
    assert [draft.content.key for draft in reading.drafts] == [("T",), ("B",)]
    assert [(each.row, each.code) for each in reading.refused] == [(4, "key_missing")]


def test_a_key_that_nobody_gives_is_asked_for_and_a_wrong_count_is_not_guessed() -> None:
    text = "一、判断题\n1、甲先于乙送电。\n2、乙先于丙送电。\n参考答案\n1-2 √×√"
    reading = read_questions(text.encode(), "a.txt")
    assert [(refusal.row, refusal.code) for refusal in reading.refused] == [(2, "key_missing"), (3, "key_missing")]


def test_a_section_that_items_cannot_hold_is_named() -> None:
    text = "一、判断题\n1、甲先于乙送电。(√)\n二、计算题\n1、求送电的次数。\n答案:先甲后乙"
    reading = read_questions(text.encode(), "a.txt")
    assert reading.unsupported == {"计算题": 1}
    assert [refusal.code for refusal in reading.refused] == ["unsupported_interaction"]


def test_a_section_of_answers_in_words_is_read_with_what_markers_look_for() -> None:
    text = "一、判断题\n1、甲先于乙送电。(√)\n二、简答题\n1、说明送电的次序。\n答案:先甲后乙\n2、说明验电。\n答案:略"
    reading = read_questions(text.encode(), "a.txt")
    assert [draft.content.key for draft in reading.drafts] == [("T",), ("先甲后乙",)]
    assert [refusal.code for refusal in reading.refused] == ["reference_missing"]


def test_a_word_document_shows_the_numbers_that_word_makes() -> None:
    data = docx(
        paragraph("判断题", list_id=2),
        paragraph("验电前应检查验电器。(√)", list_id=1),
        paragraph("雷雨天可以登杆作业。(×)", list_id=1),
        paragraph("单选题", list_id=2),
        paragraph("停电后第一步是( )。", list_id=1),
        paragraph("验电", list_id=1, level=1),
        paragraph("登杆", list_id=1, level=1),
        paragraph("答案:A"),
        paragraph("停电后最后一步是(B)。", list_id=1),
        paragraph("A.验电", "  ", "B.挂牌"),
    )
    reading = read_questions(data, "题库.docx")
    assert (reading.dialect, reading.refused) == ("docx", ())
    assert found(reading) == [
        (2, Interaction.JUDGEMENT, ("T",)),
        (3, Interaction.JUDGEMENT, ("F",)),
        (5, Interaction.CHOICE, ("A",)),
        (9, Interaction.CHOICE, ("B",)),
    ]
    assert [option.text for option in reading.drafts[2].content.options] == ["验电", "登杆"]
    assert reading.drafts[2].content.stem == "停电后第一步是( )。"


def test_ticks_of_symbol_fonts_and_underlined_gaps_are_seen() -> None:
    tick = '<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>'
    gap = run("      ", '<w:u w:val="single"/>')
    data = docx(
        paragraph("一、判断题"),
        paragraph("1. 验电前应检查验电器。(", tick, ")"),
        paragraph("二、填空题"),
        paragraph("1. 安全电压的上限是", gap, "伏。"),
        paragraph("答案:50"),
    )
    reading = read_questions(data, "题库.docx")
    assert found(reading) == [(2, Interaction.JUDGEMENT, ("T",)), (4, Interaction.TEXT_ENTRY, ("50",))]
    assert reading.drafts[1].content.stem == "安全电压的上限是____伏。"


def test_a_table_under_headings_is_read_as_one() -> None:
    rows = [["题型", "题目", "选项A", "选项B", "答案"], ["单选题", "停电后第一步是什么", "验电", "登杆", "A"]]
    reading = read_questions(docx(paragraph("题库"), table(rows)), "题库.docx")
    assert found(reading) == [(2, Interaction.CHOICE, ("A",))]


def test_text_in_a_fallback_or_a_deletion_is_not_read_twice() -> None:
    twin = (
        "<mc:AlternateContent xmlns:mc='urn:mc'><mc:Choice><w:r><w:t>检查</w:t></w:r></mc:Choice>"
        "<mc:Fallback><w:r><w:t>检查</w:t></w:r></mc:Fallback></mc:AlternateContent>"
    )
    deleted = "<w:del><w:r><w:delText>不</w:delText></w:r></w:del>"
    data = docx(paragraph("一、判断题"), paragraph("1. 验电前应", twin, deleted, "验电器。(√)"))
    assert read_questions(data, "a.docx").drafts[0].content.stem == "验电前应检查验电器。"


def test_a_document_of_prose_holds_no_questions() -> None:
    with pytest.raises(NoQuestionsError):
        read_questions(docx(paragraph("关于做好安全生产工作的通知")), "a.docx")


def test_a_document_under_another_name_or_with_entities_is_refused() -> None:
    data = docx(paragraph("一、判断题"), paragraph("1. 验电。(√)"))
    with pytest.raises(MislabelledFileError):
        read_questions(data, "a.xlsx")
    with pytest.raises(ForbiddenXmlError):
        read_questions(_with_entity(), "a.docx")


def _with_entity() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    return out.getvalue()


def test_options_and_keys_in_tables_belong_to_the_paper() -> None:
    data = docx(
        paragraph("一、单选题"),
        paragraph("1. 停电后应当"),
        table([["A.验电", "B.送电"], ["C.合闸", "D.离开"]]),
        paragraph("2. 接地线应先接"),
        table([["A. 接地端", "B. 导体端"]]),
        table([["参数", "数值"], ["电压", "220"]]),
        table([["题号", "1", "2"], ["答案", "A", "B"]]),
    )
    reading = read_questions(data, "a.docx")
    assert (reading.refused, reading.unsupported) == ((), {"table": 1})
    options = [[option.text for option in draft.content.options] for draft in reading.drafts]
    assert options == [["验电", "送电", "合闸", "离开"], ["接地端", "导体端"]]
    assert [draft.content.key for draft in reading.drafts] == [("A",), ("B",)]


def test_key_tables_below_their_sections_stay_apart() -> None:
    keys = [["题号", "1", "2"], ["答案", "√", "×"]], [["题号", "1", "2"], ["答案", "B", "A"]]
    data = docx(
        *map(paragraph, ("一、判断题", "1. 甲", "2. 乙", "二、单选题", "1. 丙", "A.一 B.二", "2. 丁", "A.一 B.二")),
        *(paragraph("参考答案"), paragraph("一、判断题"), table(keys[0]), paragraph("二、单选题"), table(keys[1])),
    )
    reading = read_questions(data, "a.docx")
    assert [draft.content.key for draft in reading.drafts] == [("T",), ("F",), ("B",), ("A",)]


@pytest.mark.parametrize(
    "keys",
    [
        [["题号", "答案"], ["1", "A"], ["2", "B"], ["3", "A"]],
        [["题号", "答案", "题号", "答案"], ["1", "A", "3", "A"], ["2", "B", "", ""]],
        [["序号", "正确答案", "得分"], ["1", "A", ""], ["2", "B", ""], ["3", "A", ""]],
        [["题目", "答案"], ["1", "A"], ["2", "B"], ["3", "A"]],
        [["题号", "1", "2"], ["答案", "A", "B"], ["得分", "", ""], ["题号", "3", ""], ["答案", "A", ""]],
    ],
)
def test_a_table_of_keys_may_stand_upright(keys: list[list[str]]) -> None:
    asked = ("一、单选题", "1. 先送", "A.甲 B.乙", "2. 后送", "A.丙 B.丁", "3. 先停", "A.甲 B.乙")
    reading = read_questions(docx(*map(paragraph, asked), table(keys)), "a.docx")
    assert (reading.refused, reading.unsupported) == ((), {})
    assert [draft.content.key for draft in reading.drafts] == [("A",), ("B",), ("A",)]


def test_what_a_table_of_keys_says_beside_them_is_named() -> None:
    keys = [["题号", "答案", "解析"], ["1", "A", "先主后次"]]
    data = docx(*map(paragraph, ("一、单选题", "1. 先送", "A.甲 B.乙")), table(keys))
    reading = read_questions(data, "a.docx")
    assert [draft.content.key for draft in reading.drafts] == [("A",)]
    assert reading.unsupported == {"table": 1}


def test_a_table_of_keys_below_each_section_is_that_section_s() -> None:
    keys = [["题号", "答案"], ["1", "√"], ["2", "×"]], [["题号", "1", "2"], ["答案", "B", "A"]]
    data = docx(
        *(*map(paragraph, ("一、判断题", "1. 甲", "2. 乙")), table(keys[0])),
        *map(paragraph, ("二、单选题", "1. 丙", "A.一 B.二", "2. 丁", "A.一 B.二")),
        table(keys[1]),
    )
    reading = read_questions(data, "a.docx")
    assert (reading.refused, reading.unsupported) == ((), {})
    assert [draft.content.key for draft in reading.drafts] == [("T",), ("F",), ("B",), ("A",)]


def test_questions_beside_a_table_of_items_are_read_as_well() -> None:
    rows = [
        ["题目", "选项A", "选项B", "答案"],
        ["接地线应先接", "接地端", "导体端", "A"],
        ["先拆", "接地端", "导体端", ""],
    ]
    data = docx(paragraph("一、判断题"), paragraph("1. 停电后应验电。(√)"), paragraph("2. 带负荷拉闸"), table(rows))
    reading = read_questions(data, "a.docx")
    assert [(draft.row, draft.content.stem) for draft in reading.drafts] == [(2, "停电后应验电。"), (5, "接地线应先接")]
    assert [(each.row, each.code) for each in reading.refused] == [(3, "key_missing"), (6, "key_missing")]
    assert [column.field for column in reading.columns] == ["stem", "A", "B", "key"]
