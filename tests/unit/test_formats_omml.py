"""Formulas of items are formulas in a Word file, and come back from there as they were."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree  # type: ignore[import-untyped]

from questionbank.formats.docx_figures import FIGURES, DocxFigures
from questionbank.formats.markup import Node, parse_xml
from questionbank.formats.omml import to_mathml
from questionbank.formats.reading import Proposal
from questionbank.formats.tex_mathml import to_mathml as tex_to_mathml
from questionbank.formats.write_omml import to_omml
from questionbank.forms.word_file import write_docx
from questionbank.forms.wording import Formula, Paragraph, Part, Print
from questionbank.interactions.formula_text import formula_text
from tests.builders.word import SPACES
from tests.unit.test_formats_tex import TEX


def written(mathml: str) -> str:
    """Return a formula of Word as text without its own element; empty where Word has none like it."""
    found = to_omml(f"<math>{mathml}</math>".encode())
    if found is None:
        return ""
    text: str = etree.tostring(found, encoding="unicode")
    return text.partition(">")[2].removesuffix("</m:oMath>").replace(' xml:space="preserve"', "")


def r(text: str, style: str = "") -> str:
    return f"<m:r>{f'<m:rPr>{style}</m:rPr>' if style else ''}<m:t>{text}</m:t></m:r>"


UPRIGHT, WORDS = '<m:sty m:val="p"/>', "<m:nor/>"
X, N = "<mrow><mi>x</mi></mrow>", "<mn>2</mn>"


@pytest.mark.parametrize(
    ("mathml", "omml"),
    [
        ("<mi>x</mi><mi>sin</mi>", r("x") + r("sin", UPRIGHT)),
        ('<mi mathvariant="normal">V</mi><mtext>额 定</mtext>', r("V", UPRIGHT) + r("额 定", WORDS)),
        ("<mo>max</mo><mo>&lt;</mo><mo>\u2062</mo>", r("max", UPRIGHT) + r("&lt;")),
        (
            '<mspace width="1em"></mspace><mspace width="0.167em"></mspace><mspace></mspace>',
            r("\u2003", WORDS) + r("\u2009", WORDS),
        ),
        (f"<mfrac>{X}{N}</mfrac>", f"<m:f><m:num>{r('x')}</m:num><m:den>{r('2')}</m:den></m:f>"),
        (
            f'<mfrac linethickness="0">{X}{N}</mfrac>',
            f'<m:f><m:fPr><m:type m:val="noBar"/></m:fPr><m:num>{r("x")}</m:num><m:den>{r("2")}</m:den></m:f>',
        ),
        (f"<msup>{X}{N}</msup>", f"<m:sSup><m:e>{r('x')}</m:e><m:sup>{r('2')}</m:sup></m:sSup>"),
        (
            "<msqrt><mi>x</mi><mn>2</mn></msqrt>",
            f'<m:rad><m:radPr><m:degHide m:val="1"/></m:radPr><m:deg/><m:e>{r("x")}{r("2")}</m:e></m:rad>',
        ),
        (
            f"<munderover><mo>∑</mo>{X}{N}</munderover><mi>a</mi><mi>b</mi>",
            (
                '<m:nary><m:naryPr><m:chr m:val="∑"/><m:limLoc m:val="undOvr"/></m:naryPr>'
                f"<m:sub>{r('x')}</m:sub><m:sup>{r('2')}</m:sup><m:e>{r('a')}</m:e></m:nary>{r('b')}"
            ),
        ),
        (
            f"<munderover><mi>f</mi>{X}{N}</munderover>",
            (
                f"<m:limUpp><m:e><m:limLow><m:e>{r('f')}</m:e><m:lim>{r('x')}</m:lim></m:limLow></m:e>"
                f"<m:lim>{r('2')}</m:lim></m:limUpp>"
            ),
        ),
        (f"<msub><mo>∑</mo>{N}</msub>", f"<m:sSub><m:e>{r('∑')}</m:e><m:sub>{r('2')}</m:sub></m:sSub>"),
        (
            f"<mover>{X}<mo>→</mo></mover>",
            f'<m:acc><m:accPr><m:chr m:val="\u20d7"/></m:accPr><m:e>{r("x")}</m:e></m:acc>',
        ),
        (
            "<mo>(</mo><mtable><mtr><mtd><mi>a</mi></mtd></mtr></mtable><mo>)</mo>",
            (
                '<m:d><m:dPr><m:begChr m:val="("/><m:endChr m:val=")"/></m:dPr>'
                f"<m:e><m:m><m:mr><m:e>{r('a')}</m:e></m:mr></m:m></m:e></m:d>"
            ),
        ),
        (
            '<mrow><mo fence="true"></mo><mi>a</mi><mo>+</mo><mi>b</mi><mo fence="true">|</mo></mrow>',
            f'<m:d><m:dPr><m:begChr m:val=""/><m:endChr m:val="|"/></m:dPr><m:e>{r("a")}{r("+")}{r("b")}</m:e></m:d>',
        ),
        ("<mstyle><mi>a</mi></mstyle><mpadded><mi>b</mi></mpadded>", r("a") + r("b")),
    ],
)
def test_each_part_of_mathml_has_its_formula_of_word(mathml: str, omml: str) -> None:
    assert written(mathml) == omml


@pytest.mark.parametrize(
    "mathml",
    [
        f"<mfrac>{X}</mfrac>",
        f"<msup>{X}</msup>",
        f"<munder>{X}</munder>",
        f"<mmultiscripts>{X}{N}{N}{N}</mmultiscripts>",
        "<mprescripts></mprescripts>",
        '<mtable><mtr><mtd columnspan="2"><mi>x</mi></mtd></mtr></mtable>',
        "<mtable><mi>x</mi></mtable>",
        "<mrow>" * 150 + "<mi>x</mi>" + "</mrow>" * 150,
    ],
)
def test_what_word_has_no_counterpart_of_is_no_formula(mathml: str) -> None:
    assert written(mathml) == ""


def args(*pairs: tuple[str, str]) -> str:
    return "".join(f"<m:{name}>{inner}</m:{name}>" for name, inner in pairs)


def made(name: str, properties: str, *pairs: tuple[str, str]) -> str:
    about = f"<m:{name}Pr>{properties}</m:{name}Pr>" if properties else ""
    return f"<m:{name}>{about}{args(*pairs)}</m:{name}>"


ATOM = st.sampled_from(
    [
        *map(r, ("x", "Ω", "12", "2.5", "+", "&lt;", "=")),
        r("sin", UPRIGHT),
        r("V", UPRIGHT),
        r("额定 值", WORDS),
        r(" ", WORDS),
    ]
)


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return formulas of formulas, each in the one form in which they are written."""
    row = st.lists(inner, min_size=1, max_size=3).map("".join)
    two, three = st.tuples(row, row), st.tuples(row, row, row)
    side = st.sampled_from([("top", "bot"), ("bot", "top")])
    return st.one_of(
        two.map(lambda each: made("f", "", ("num", each[0]), ("den", each[1]))),
        two.map(lambda each: made("f", '<m:type m:val="noBar"/>', ("num", each[0]), ("den", each[1]))),
        two.map(lambda each: made("sSub", "", ("e", each[0]), ("sub", each[1]))),
        two.map(lambda each: made("sSup", "", ("e", each[0]), ("sup", each[1]))),
        three.map(lambda each: made("sSubSup", "", ("e", each[0]), ("sub", each[1]), ("sup", each[2]))),
        three.map(lambda each: made("sPre", "", ("sub", each[0]), ("sup", each[1]), ("e", each[2]))),
        two.map(lambda each: made("limLow", "", ("e", each[0]), ("lim", each[1]))),
        two.map(lambda each: made("limUpp", "", ("e", each[0]), ("lim", each[1]))),
        two.map(lambda each: made("rad", "", ("deg", each[0]), ("e", each[1]))),
        row.map(lambda each: made("rad", '<m:degHide m:val="1"/>', ("deg", ""), ("e", each))),
        row.map(lambda each: made("acc", '<m:chr m:val="\u0302"/>', ("e", each))),
        row.map(lambda each: made("phant", '<m:show m:val="0"/>', ("e", each))),
        st.tuples(row, side).map(lambda each: made("bar", f'<m:pos m:val="{each[1][0]}"/>', ("e", each[0]))),
        st.tuples(row, side).map(
            lambda each: made(
                "groupChr",
                '<m:chr m:val="⏟"/><m:pos m:val="{}"/><m:vertJc m:val="{}"/>'.format(*each[1]),
                ("e", each[0]),
            )
        ),
        row.map(lambda each: made("d", '<m:begChr m:val="["/><m:endChr m:val=""/>', ("e", each))),
        two.map(
            lambda each: made(
                "d", '<m:begChr m:val="("/><m:sepChr m:val=","/><m:endChr m:val=")"/>', ("e", each[0]), ("e", each[1])
            )
        ),
        three.map(
            lambda each: made(
                "nary",
                '<m:chr m:val="∑"/><m:limLoc m:val="undOvr"/>',
                *zip(("sub", "sup", "e"), each, strict=True),
            )
        ),
        two.map(
            lambda each: made(
                "nary",
                '<m:chr m:val="∫"/><m:limLoc m:val="subSup"/><m:supHide m:val="1"/>',
                ("sub", each[0]),
                ("sup", ""),
                ("e", each[1]),
            )
        ),
        row.map(lambda each: made("func", "", ("fName", r("lim", UPRIGHT)), ("e", each))),
        two.map(lambda each: f"<m:m><m:mr>{args(('e', each[0]), ('e', each[1]))}</m:mr></m:m>"),
    )


@settings(max_examples=150)
@given(omml=st.recursive(ATOM, grown, max_leaves=8))
def test_a_formula_of_word_comes_back_as_it_was(omml: str) -> None:
    node = parse_xml(f"<m:oMath {SPACES}>{omml}</m:oMath>".encode())
    mathml = to_mathml(node).decode()
    assert written(mathml.removeprefix("<math>").removesuffix("</math>")) == omml.replace(
        "<m:sup></m:sup>", "<m:sup/>"
    ).replace("<m:deg></m:deg>", "<m:deg/>")


@settings(max_examples=80)
@given(tex=TEX)
def test_a_formula_of_tex_says_the_same_in_word(tex: str) -> None:
    mathml = tex_to_mathml(tex.replace(r"\;", "+"))  # a space is a word in Word, and is said otherwise
    found = to_omml(mathml)
    assert found is not None
    again = to_mathml(parse_xml(etree.tostring(found)))
    assert "".join(formula_text(again).split()) == "".join(formula_text(mathml).split())


def read_back(data: bytes) -> list[list[str | bytes]]:
    """Return each paragraph of a document as the import finds it: its words, and the MathML of its formulas."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = tuple(archive.namelist())
        body = parse_xml(archive.read("word/document.xml"))
    figures = DocxFigures(data, names)
    found: list[list[str | bytes]] = []
    for paragraph in body.descendants("p"):
        parts: list[str | bytes] = []
        for part in (part for part in paragraph.parts if isinstance(part, Node)):
            if part.name in FIGURES:
                settled = figures.enclosures.settle(Proposal(row=1, stem=figures.stand_for(part), key=""))
                parts.append(settled.enclosed[0].data)
            else:
                parts += [text.own_text() for text in part.descendants("t")]
        found.append(parts)
    return found


def test_a_printed_word_form_holds_formulas_and_words_where_word_has_none() -> None:
    ohm = b"<math><mfrac><mrow><mi>U</mi></mrow><mrow><mtext>\xe7\x94\xb5\xe9\x98\xbb</mtext></mrow></mfrac></math>"
    odd = b"<math><mtable><mtr><mtd columnspan='2'><mi>x</mi></mtd></mtr></mtable></math>"
    text = "由U/电阻与[x]得"
    formulas = (Formula(1, 5, ohm), Formula(6, 9, odd))
    worded = Print(title="t", number="1", warning="", parts=(Part(((Paragraph(text, formulas=formulas),),)),))
    data = write_docx(worded)
    assert read_back(data) == [["由", ohm, "与[x]得"]]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        body = archive.read("word/document.xml").decode()
    assert body.count("Cambria Math") == 2
    assert "U/电阻" not in body
