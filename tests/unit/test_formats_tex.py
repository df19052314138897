r"""Formulas of TeX in question files are MathML in the items, or stay as they are written and are named."""

from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from questionbank.formats.limited import read_in_subprocess
from questionbank.formats.reader import read_questions
from questionbank.formats.reading import Reading
from questionbank.formats.tex_mathml import to_mathml
from questionbank.formats.writer import FORMATS
from questionbank.interactions.figures import clean_formula, mark, split_marks
from questionbank.items.content import FigureKind, Interaction, ItemContent, ItemDraft, Option
from tests.builders.word import docx, paragraph, table


@pytest.mark.parametrize(
    ("tex", "mathml"),
    [
        (r"\frac{U}{R}", "<mfrac><mrow><mi>U</mi></mrow><mrow><mi>R</mi></mrow></mfrac>"),
        (r"\sqrt[3]{x_1^2}", "<mroot><mrow><msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup></mrow><mn>3</mn></mroot>"),
        (r"36^\circ\text{C<}", "<msup><mn>36</mn><mo>∘</mo></msup><mtext>C&lt;</mtext>"),
        (r"-5cm", "<mrow><mo>-</mo><mn>5</mn><mi>c</mi><mi>m</mi></mrow>"),
        (r".5\%", "<mn>.5</mn><mi>%</mi>"),
        (r"a\pm b:c", "<mi>a</mi><mo>±</mo><mi>b</mi><mo>:</mo><mi>c</mi>"),
        (r"电\Omega", "<mtext>电</mtext><mi>Ω</mi>"),
        (r"\mathrm{V}", '<mrow><mi mathvariant="normal">V</mi></mrow>'),
        (r"\overline{A}", "<mover><mrow><mi>A</mi></mrow><mo>¯</mo></mover>"),
        (
            r"\begin{pmatrix}1&2\end{pmatrix}",
            "<mo>(</mo><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable><mo>)</mo>",
        ),
    ],
)
def test_tex_is_mathml(tex: str, mathml: str) -> None:
    assert to_mathml(tex).decode() == f"<math>{mathml}</math>"
    assert clean_formula(to_mathml(tex)).encode() == to_mathml(tex)


LOST = [
    *(r"\foo x", r"\mathzzz{x}", r"\ce{H2O}", r"\begin{foo}a&b\end{foo}", r"\begin{align}a&=b\end{align}", "a & b"),
    *(r"\frac{a}", "x^", "{a", "a}b{", r"x^2^3", r"\left( a", "x=____", r"a \\ b"),
    *(r"\color{red}x", r"\href{a}{b}", r"\class{a}{b}", r"\cancel{x}", r"\boxed{x}", r"\mathbf{AB}", r"\not= a"),
    *(r"\hspace{1em}x", r"\rule{1em}{1em}", r"\llap{x}y", r"\unicode{x41}", r"\verb|a|", "a % b", "&#60;"),
    *(r"\begin{array}{l|c}a&b\end{array}", r"\text{\$5}", r"\text{a~b}", "a\x00b", r"\mathop{a}"),
    *(r"\def\a{\a\a}\a", r"\newcommand{\a}{b}\a", r"\DeclareMathOperator{\a}{b}\a"),
    *("{" * 500 + "x" + "}" * 500, r"\frac{1}{" * 200 + "x" + "}" * 200, r"\sqrt" * 700),
]


@pytest.mark.parametrize("tex", LOST)
def test_tex_of_which_something_would_be_lost_is_no_mathml(tex: str) -> None:
    assert to_mathml(tex) == b""


def moodle(html: str, *, option: str = "有", kind: str = "multichoice") -> Reading:
    answers = f'<answer fraction="100"><text>{escape(option)}</text></answer>'
    answers += '<answer fraction="0"><text>无</text></answer>' if kind == "multichoice" else ""
    text = f"<questiontext><text>{escape(html)}</text></questiontext><single>true</single>{answers}"
    return read_questions(f'<quiz><question type="{kind}">{text}</question></quiz>'.encode(), "bank.xml")


def told(reading: Reading) -> list[str]:
    """Return the stems and options of a reading with the MathML of each formula in brackets."""
    texts = []
    for content in (draft.content for draft in reading.drafts):
        figures = content.figures or ()
        for text in (content.stem, *(option.text for option in content.options)):
            parts = (
                each if isinstance(each, str) else f"[{figures[each - 1].data.decode()}]" for each in split_marks(text)
            )
            texts.append("".join(parts).replace("<math>", "").replace("</math>", ""))
    return texts


X = "[<mi>x</mi>]"


@pytest.mark.parametrize(
    ("html", "stem"),
    [
        (r"<p>由 \(x\) 得</p>", f"由 {X} 得"),
        (r"由\[x\]得$$x$$", '由[<math display="block"><mi>x</mi>]得[<math display="block"><mi>x</mi>]'),
        (r"由\(<br>x\)得", f"由{X}得"),
        (r"\(a&lt;b\)", "[<mi>a</mi><mo>&lt;</mo><mi>b</mi>]"),
        ("价格 $5 和 $6,$x$", "价格 $5 和 $6,$x$"),
        ("cost $$5 and $$6", "cost $$5 and $$6"),
        (r"<code>\(x\)</code>", r"\(x\)"),
        (r"\<b></b>(x\)", r"\(x\)"),
        (r"C:\\(x\\)", r"C:\\(x\\)"),
    ],
)
def test_formulas_of_moodle_are_figures_and_prices_are_text(html: str, stem: str) -> None:
    reading = moodle(html)
    named = {1: ("latex",)} if stem == r"\(x\)" else {}
    assert (told(reading)[0], reading.refused, reading.left_out) == (stem, (), named)


def test_tex_that_cannot_be_converted_stays_as_text_and_is_named() -> None:
    reading = moodle(r"由 \(\foo x\) 与 \(x\)", option=r"\(x\)")
    assert told(reading) == [rf"由 \(\foo x\) 与 {X}", X, "无"]
    assert (reading.unsupported, reading.left_out) == ({"latex": 1}, {1: ("latex",)})


def test_tex_stays_where_no_figure_can_stand() -> None:
    reading = moodle("填 ____", option=r"\(x^2\)", kind="shortanswer")
    assert [draft.content.key for draft in reading.drafts] == [(r"\(x^2\)",)]
    assert (reading.refused, reading.left_out) == ((), {1: ("latex",)})
    many = moodle(" ".join(rf"\(x_{{{number}}}\)" for number in range(13)))
    assert (many.drafts[0].content.stem.count(r"\("), many.refused, many.left_out) == (13, (), {1: ("latex",)})


def test_an_embedded_question_is_no_part_of_a_formula() -> None:
    reading = moodle(r"由 \(x={1:MC:=1~2}\) 得", kind="cloze")
    assert (told(reading)[0], reading.left_out) == (r"由 \(x=____\) 得", {1: ("latex",)})


SHEET = "题目,选项A,选项B,答案,公式写法\n由 \\(x\\) 得,有,无,A,{}\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bank.csv", SHEET.format("").encode()),
        ("bank.csv", "题目,选项,答案\n由 \\(x\\) 得,A.有 B.无,A\n".encode()),
        ("bank.json", r'[{"question": "由 \\(x\\) 得", "options": {"A": "有", "B": "无"}, "answer": "A"}]'.encode()),
        ("bank.json", r'[{"title": "由 \\(x\\) 得", "choices": ["有", "无"], "answers": "A"}]'.encode()),
        ("bank.txt", "一、单选题\n1、由 \\(x\\) 得(A)\nA.有 B.无\n2、电费 $$5(B)\nA.有 B.无\n".encode()),
        ("bank.txt", "由 \\(x\\) 得\nA. 有\nB. 无\nANSWER: A\n".encode()),
        ("bank.docx", docx(*map(paragraph, ("一、单选题", r"1、由 \(x\) 得(A)", "A.有 B.无")))),
        ("bank.docx", docx(table([["题目", "选项A", "选项B", "答案"], [r"由 \(x\) 得", "有", "无", "A"]]))),
    ],
)
def test_formulas_in_tables_json_and_papers_are_figures(name: str, data: bytes) -> None:
    reading = read_questions(data, name)
    assert (reading.refused, reading.unsupported) == ((), {})
    assert [text.removesuffix("( )") for text in told(reading)[:3]] == [f"由 {X} 得", "有", "无"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bank.csv", SHEET.format("按原文")),
        ("bank.csv", SHEET.format("").replace("x", r"\foo")),
        ("bank.json", r'[{"question": "由 \\(x\\) 得", "options": ["有", "无"], "answer": "A", "plain": true}]'),
    ],
)
def test_what_a_row_says_is_text_stays_and_is_named(name: str, data: str) -> None:
    reading = read_questions(data.encode(), name)
    row = reading.drafts[0].row
    assert told(reading)[0].startswith("由 \\(")
    assert (reading.refused, reading.unsupported, reading.left_out) == ((), {"latex": 1}, {row: ("latex",)})


def gift(stem: str, answers: str = "=有 ~无") -> Reading:
    return read_questions(f"::1::{stem} {{{answers}}}".encode(), "bank.gift")


@pytest.mark.parametrize(
    ("stem", "answers", "texts"),
    [
        (
            r"由 \(\frac\{U\}\{x\}\)",
            "=有 ~无",
            ["[<mfrac><mrow><mi>U</mi></mrow><mrow><mi>x</mi></mrow></mfrac>]", "有"],
        ),
        (r"[html]由<b>\\(x\\)</b>", r"=\(x\) ~无", [X, X]),
        (r"[moodle]由\(\nu\)\n止", "=有 ~无", ["[<mi>ν</mi>]\n止", "有"]),
        (r"[plain]由\(x\)", "=有 ~无", [r"\(x\)", "有"]),
        ("由 $5 和 $6", "=有 ~无", ["$5 和 $6", "有"]),
    ],
)
def test_formulas_of_gift_are_figures(stem: str, answers: str, texts: list[str]) -> None:
    reading = gift(stem, answers)
    assert [text.removeprefix("由").strip() for text in told(reading)] == [*texts, "无"]
    named = {"latex": 1} if texts[0] == r"\(x\)" else {}
    assert (reading.refused, reading.unsupported) == ((), named)


def test_gift_names_the_rows_in_which_tex_stays() -> None:
    reading = gift(r"由 \(\foo\) 得", r"=\(x\)")
    assert [(draft.content.stem, draft.content.key) for draft in reading.drafts] == [(r"由 \(\foo\) 得", (r"\(x\)",))]
    assert (reading.unsupported, reading.left_out) == ({"latex": 1}, {1: ("latex",)})


def test_hostile_tex_is_read_in_the_limited_process() -> None:
    bombs = [*LOST, r"\(" * 50_000, "$$" + "x" * 50_000, r"\text{</math><script>x()</script>}", r"\sqrt" * 300]
    rows = "".join(
        f'<question type="truefalse"><questiontext><text>{escape(escape(f"第{at}题 {chr(92)}({tex}{chr(92)})", quote=False))}'
        '</text></questiontext><answer fraction="100"><text>true</text></answer></question>'
        for at, tex in enumerate(bombs)
        if "\x00" not in tex
    )
    reading = read_in_subprocess(f"<quiz>{rows}</quiz>".encode(), "bank.xml")
    kept = [draft.content for draft in reading.drafts]
    assert [one.code for one in reading.refused] == ["text_too_long"] * 2
    assert len(kept) == len(bombs) - 3
    formulas = [figure.data for content in kept for figure in content.figures or ()]
    assert formulas == [b"<math><mtext>&lt;/math&gt;&lt;script&gt;x()&lt;/script&gt;</mtext></math>"]


ATOM = st.sampled_from(
    [
        "x",
        "R_1",
        "10",
        "2.5",
        r"\alpha",
        r"\Omega",
        r"\text{额定 <a>}",
        r"\mathrm{kV}",
        r"\%",
        "电",
        r"\infty",
        "f(x)",
        "5cm",
    ]
)
SIGN = st.sampled_from(["+", "-", "=", "<", r"\le", r"\times", r"\cdot", r"\to", ",", r"\pm", r"\;", ""])


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return formulas of formulas."""
    pair = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(inner, SIGN, inner).map(" ".join),
        pair.map(lambda each: r"\frac{{{}}}{{{}}}".format(*each)),
        pair.map(lambda each: "{{{}}}_{{{}}}".format(*each)),
        pair.map(lambda each: "{{{}}}^{{{}}}".format(*each)),
        pair.map(lambda each: r"\sqrt[{{{}}}]{{{}}}".format(*each)),
        pair.map(lambda each: r"\begin{{pmatrix}}{} & {}\\ 1 & 0\end{{pmatrix}}".format(*each)),
        pair.map(lambda each: r"\sum_{{{}}}^{{{}}}".format(*each)),
        inner.map(lambda each: rf"\sqrt{{{each}}}"),
        inner.map(lambda each: rf"\left[ {each} \right)"),
        inner.map(lambda each: rf"\overline{{{each}}}"),
    )


TEX = st.recursive(ATOM, grown, max_leaves=6)
SIGNED = st.tuples(TEX, st.sampled_from([(r"\(", r"\)"), (r"\[", r"\]"), ("$$", "$$")])).map(
    lambda pair: f"{pair[1][0]}{pair[0]}{pair[1][1]}"
)


@settings(max_examples=40)
@given(stem=SIGNED, option=SIGNED)
def test_what_was_tex_goes_out_and_comes_back(stem: str, option: str) -> None:
    imported = moodle(escape(f"由 {stem} 得", quote=False), option=escape(f"为{option}", quote=False))
    assert (imported.refused, imported.unsupported) == ((), {})
    (draft,) = imported.drafts
    assert draft.content.figures
    for name in ("json", "qti3", "qti22", "moodle", "gift"):
        form = FORMATS[name]
        again = read_questions(form.write([draft]), f"bank{form.suffix}")
        assert [each.content for each in again.drafts] == [draft.content], name
        assert (again.refused, again.unsupported, form.leaves_out(draft.content)) == ((), {}, "")


PIECE = st.sampled_from(
    [r"\(", r"\)", r"\[", r"\]", "$$", "$", "x^2", r"\frac{a}{b}", r"\foo", "<b>", "&lt;", "\n", "\\"]
)
WRITTEN = st.lists(PIECE, max_size=8).map(lambda pieces: f"题{''.join(pieces)}止")


@pytest.mark.parametrize("name", ["moodle", "gift", "xlsx", "json"])
@settings(max_examples=80)
@given(texts=st.lists(WRITTEN, min_size=3, max_size=3, unique_by=lambda text: "".join(text.split())))
def test_what_an_author_typed_as_text_never_comes_back_as_a_formula(name: str, texts: list[str]) -> None:
    stem, *options = ("\n".join(filter(None, text.split("\n"))) for text in texts)
    choices = tuple(Option(letter, text) for letter, text in zip("AB", options, strict=True))
    plain = ItemContent(interaction=Interaction.CHOICE, stem=stem, options=choices, key=("A",), explanation=stem)
    (figure,) = moodle(r"\(x\)").drafts[0].content.figures or ()
    beside = ItemContent(
        interaction=Interaction.CHOICE,
        stem=stem + mark(FigureKind.FORMULA, 1),
        options=choices,
        key=("A",),
        explanation=stem,
        figures=(figure,),
    )
    for content in (plain, beside)[: 1 if name == "xlsx" else 2]:  # a workbook holds no figures
        reading = read_questions(FORMATS[name].write([ItemDraft(content=content)]), f"bank{FORMATS[name].suffix}")
        assert [draft.content for draft in reading.drafts] == [content]
        assert reading.refused == ()
