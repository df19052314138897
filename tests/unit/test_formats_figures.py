"""Pictures, recordings and formulas of question files stand in the items where they stood in the file."""

import io
import zipfile
import zlib
from base64 import b64encode
from collections.abc import Mapping
from html import escape

import msgspec
import pytest
from PIL import Image

from exam.core.sheets.errors import ArchiveBombError
from exam.core.sheets.writer import write_workbook
from questionbank.formats import drafting, enclosing
from questionbank.formats.limited import read_in_subprocess
from questionbank.formats.markup import parse_xml
from questionbank.formats.omml import to_mathml
from questionbank.formats.reader import read_questions
from questionbank.formats.reading import Reading
from questionbank.formats.writer import FORMATS
from questionbank.interactions.figures import fit_figure, split_marks
from questionbank.items.content import Figure, FigureKind, Interaction, ItemContent, ItemDraft, Option
from tests.builders.figures import picture_file, sound_file
from tests.builders.questionbank import scene
from tests.builders.word import SPACES, docx, drawing, formula, paragraph, run, table

PICTURES = {
    "word/media/image1.png": picture_file("red"),
    "word/media/image2.gif": picture_file("blue", "GIF"),
    "word/media/image3.bmp": picture_file("green", "BMP"),
}
RELATIONS = {"rId1": "media/image1.png", "rId2": "media/image2.gif", "rId3": "/word/media/image3.bmp"}


def as_told(content: ItemContent) -> dict[str, str]:
    """Return the texts of an item with what is said of each figure in brackets."""
    figures = content.figures or ()

    def tell(text: str) -> str:
        return "".join(each if isinstance(each, str) else f"[{figures[each - 1].text}]" for each in split_marks(text))

    texts = {"stem": content.stem, **{one.id: one.text for one in content.options}, "explanation": content.explanation}
    return {name: tell(text) for name, text in texts.items() if text}


def reasons(reading: Reading) -> list[tuple[str, Mapping[str, object]]]:
    return [(one.code, one.fields) for one in reading.refused]


def test_pictures_of_a_document_stand_in_stem_options_and_explanation() -> None:
    data = docx(
        paragraph("一、单选题"),
        paragraph("1. 下图", drawing("rId1", words="红牌\n一块"), "的含义是(A)。"),
        paragraph("A.", drawing("rId2", words="蓝"), "B.", drawing("rId3", words="绿")),
        paragraph("解析:见", drawing("rId1", words="红牌")),
        files=PICTURES,
        relations=RELATIONS,
    )
    reading = read_questions(data, "a.docx")
    assert (reading.refused, reading.unsupported) == ((), {})
    (content,) = (draft.content for draft in reading.drafts)
    assert as_told(content) == {
        "stem": "下图[红牌 一块]的含义是( )。",
        "A": "[蓝]",
        "B": "[绿]",
        "explanation": "见[红牌 一块]",
    }
    assert [(each.kind, each.width, each.data[:2]) for each in content.figures or ()] == [
        (FigureKind.IMAGE, 60, b"\xff\xd8")
    ] * 3


def test_pictures_in_a_table_stand_in_its_cells() -> None:
    rows = [["题型", "题目", "选项A", "选项B", "答案"], ["单选题", drawing("rId1"), drawing("rId2"), "无", "A"]]
    reading = read_questions(docx(table(rows), files=PICTURES, relations=RELATIONS), "a.docx")
    assert [list(as_told(draft.content).values()) for draft in reading.drafts] == [["[]", "[]", "无"]]


def test_an_old_picture_of_word_is_read_with_its_words() -> None:
    shape = '<w:r><w:pict><v:shape alt="红牌"><v:imagedata r:id="rId1" o:title="x"/></v:shape></w:pict></w:r>'
    data = docx(paragraph("一、判断题"), paragraph("1. 见", shape, "(√)"), files=PICTURES, relations=RELATIONS)
    assert as_told(read_questions(data, "a.docx").drafts[0].content) == {"stem": "见[红牌]"}


OLE = '<w:r><w:object><v:shape><v:imagedata r:id="rId1"/></v:shape><o:OLEObject ProgID="Equation.3"/></w:object></w:r>'
BOX = "<w:r><w:drawing><w:txbxContent><w:p/></w:txbxContent></w:drawing></w:r>"


@pytest.mark.parametrize(
    ("inside", "target", "file", "code", "name"),
    [
        (drawing("rId1"), "https://a.example/x.png?token=1", b"", "figure_kind", "https://a.example/x.png"),
        (drawing("rId1"), "file:///etc/passwd", b"", "figure_kind", "file:///etc/passwd"),
        (drawing("rId1"), "../../etc/passwd", b"", "figure_absent", "../../etc/passwd"),
        (drawing("rId9"), "media/x.png", b"", "figure_absent", "blip"),
        (drawing("rId1"), "media/x.emf", b"\x01\x00\x00\x00l\x00", "figure_kind", "EMF"),
        (drawing("rId1"), "media/x.wmf", b"\xd7\xcd\xc6\x9a\x00", "figure_kind", "WMF"),
        (drawing("rId1"), "media/x.png", b"<?xml version='1.0'?><svg onload='x()'/>", "figure_kind", "SVG"),
        (drawing("rId1"), "media/x.png", b"MZ\x90\x00" + bytes(100), "figure_unreadable", None),
        (OLE, "media/x.png", b"", "figure_kind", "Equation.3"),
        (BOX, "media/x.png", b"", "figure_kind", "TextBox"),
        ("<w:r><w:drawing/></w:r>", "media/x.png", b"", "figure_kind", "Shape"),
    ],
)
def test_what_is_no_picture_of_the_document_refuses_its_own_question(
    inside: str, target: str, file: bytes, code: str, name: str | None
) -> None:
    data = docx(
        paragraph("一、判断题"),
        paragraph("1. 见", inside, "(√)"),
        paragraph("2. 验电。(√)"),
        files={"word/media/" + target.rpartition("/")[2]: file} if file else {},
        relations={"rId1": target},
    )
    reading = read_questions(data, "a.docx")
    assert [(found, fields.get("name")) for found, fields in reasons(reading)] == [(code, name)]
    assert (len(reading.drafts), reading.unsupported) == (1, {})


def test_a_picture_in_the_key_is_refused_and_one_outside_questions_is_counted() -> None:
    data = docx(
        paragraph("试卷", drawing("rId2")),
        paragraph("一、简答题"),
        paragraph("1. 说明图示。"),
        paragraph("答案:", run("见"), drawing("rId1")),
        files=PICTURES,
        relations=RELATIONS,
    )
    reading = read_questions(data, "a.docx")
    assert (reasons(reading), reading.unsupported) == ([("figure_place", {"place": "答案"})], {"picture": 1})


def test_a_figure_in_the_name_of_an_area_is_refused_and_tex_there_stays() -> None:
    """Such a name goes out of QTI as plain text, without its figure."""
    photo = b64encode(scene().jpeg).decode()

    def marker(name: str) -> Reading:
        drag = f"<drag><no>1</no><text>{escape(name)}</text></drag>"
        drop = "<drop><no>1</no><shape>rectangle</shape><coords>1,1;60,60</coords><choice>1</choice></drop>"
        text = "<questiontext><text>指出隐患。</text></questiontext>"
        file = f'<file name="photo.jpg" encoding="base64">{photo}</file>'
        return read_questions(
            f'<quiz><question type="ddmarker">{text}{file}{drag}{drop}</question></quiz>'.encode(), "a.xml"
        )

    refused = marker("缺<math><mi>x</mi></math>")
    assert reasons(refused) == [("figure_place", {"place": "隐患名称"})]
    kept = marker(r"缺\(x\)")
    assert [option.text for option in kept.drafts[0].content.options] == [r"缺\(x\) @ rect 1,1,61,61"]
    assert kept.left_out == {1: ("latex",)}


def test_a_name_of_an_area_goes_out_to_moodle_as_it_is() -> None:
    option = Option("A", r"a<b>c &amp; \(x\) @ rect 1,1,61,61")
    content = ItemContent(
        interaction=Interaction.HOTSPOT, stem="指出隐患。", options=(option,), key=("A",), photo=scene()
    )
    reading = read_questions(FORMATS["moodle"].write([ItemDraft(content=content)]), "a.xml")
    assert [draft.content for draft in reading.drafts] == [content]


def test_a_formula_of_a_document_is_mathml_in_the_text() -> None:
    ohm = formula(
        "<m:r><m:t>I=</m:t></m:r><m:f><m:num><m:r><m:t>U</m:t></m:r></m:num><m:den><m:r><m:t>R</m:t></m:r></m:den></m:f>"
    )
    reading = read_questions(docx(paragraph("一、判断题"), paragraph("1. 由", ohm, "可知。(√)")), "a.docx")
    (content,) = (draft.content for draft in reading.drafts)
    assert content.figures
    assert (content.stem, content.figures[0].data) == (
        "由〔式1〕可知。",
        b"<math><mi>I</mi><mo>=</mo><mfrac><mrow><mi>U</mi></mrow><mrow><mi>R</mi></mrow></mfrac></math>",
    )


def r(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def args(**named: str) -> str:
    return "".join(f"<m:{name}>{r(text)}</m:{name}>" for name, text in named.items())


X, N = "<mrow><mi>x</mi></mrow>", "<mrow><mi>n</mi></mrow>"


@pytest.mark.parametrize(
    ("omml", "mathml"),
    [
        (f"<m:sSup>{args(e='x', sup='2')}</m:sSup>", f"<msup>{X}<mrow><mn>2</mn></mrow></msup>"),
        (f"<m:sSub>{args(e='x', sub='n')}</m:sSub>", f"<msub>{X}{N}</msub>"),
        (f"<m:sSubSup>{args(e='x', sub='n', sup='n')}</m:sSubSup>", f"<msubsup>{X}{N}{N}</msubsup>"),
        (f"<m:rad><m:radPr><m:degHide m:val='1'/></m:radPr><m:deg/>{args(e='x')}</m:rad>", f"<msqrt>{X}</msqrt>"),
        (f"<m:rad>{args(deg='n', e='x')}</m:rad>", f"<mroot>{X}{N}</mroot>"),
        (
            f"<m:nary><m:naryPr><m:chr m:val='∑'/><m:supHide m:val='on'/></m:naryPr>{args(sub='n', e='x')}</m:nary>",
            f"<munder><mo>∑</mo>{N}</munder>{X}",
        ),
        (f"<m:nary>{args(sub='n', sup='n', e='x')}</m:nary>", f"<msubsup><mo>∫</mo>{N}{N}</msubsup>{X}"),
        (
            f"<m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=''/></m:dPr>{args(e='x')}</m:d>",
            f'<mrow><mo fence="true">[</mo>{X}</mrow>',
        ),
        (
            f"<m:func><m:fName><m:r><m:rPr><m:sty m:val='p'/></m:rPr><m:t>sin</m:t></m:r></m:fName>{args(e='x')}</m:func>",
            f"<mrow><mi>sin</mi></mrow><mo>\u2061</mo>{X}",
        ),
        (f"<m:m><m:mr>{args(e='x')}</m:mr></m:m>", "<mtable><mtr><mtd><mi>x</mi></mtd></mtr></mtable>"),
        (f"<m:acc>{args(e='x')}</m:acc>", f'<mover accent="true">{X}<mo>\u0302</mo></mover>'),
        (r("电阻1.5Ω&lt;x"), "<mtext>电阻</mtext><mn>1.5</mn><mi>Ω</mi><mo>&lt;</mo><mi>x</mi>"),
        (f"<m:unknown>{r('x')}</m:unknown>", "<mi>x</mi>"),
    ],
)
def test_each_part_of_a_word_formula_has_its_mathml(omml: str, mathml: str) -> None:
    node = parse_xml(f"<m:oMath {SPACES}>{omml}</m:oMath>".encode())
    assert to_mathml(node).decode() == f"<math>{mathml}</math>"


CHOICE = """<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i" title="t" adaptive="false">
<responseDeclaration identifier="R" cardinality="single" baseType="identifier"><correctResponse><value>a</value>
</correctResponse></responseDeclaration><itemBody><p>{stem}</p><choiceInteraction responseIdentifier="R" maxChoices="1">
<simpleChoice identifier="a">{first}</simpleChoice><simpleChoice identifier="b">无</simpleChoice></choiceInteraction>
</itemBody></assessmentItem>"""
RED = picture_file("red")
FILES = {"red.png": RED, "tone.wav": sound_file(1)}


def read_package(stem: str, first: str = "有", files: Mapping[str, bytes] = {}, before: str = "") -> Reading:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("imsmanifest.xml", "<manifest/>")
        archive.writestr(
            "items/one.xml", CHOICE.format(stem=stem, first=first).replace("<itemBody>", f"{before}<itemBody>")
        )
        for name, data in files.items():
            archive.writestr(f"media/{name}", data)
    return read_questions(out.getvalue(), "bank.zip")


def moodle(html: str, answer: str = "有", files: Mapping[str, bytes] = {}) -> Reading:
    beside = "".join(
        f'<file name="{name}" path="/" encoding="base64">{b64encode(data).decode()}</file>'
        for name, data in files.items()
    )
    text = (
        f'<quiz><question type="multichoice"><questiontext format="html"><text>{escape(html)}</text>{beside}</questiontext>'
        f'<single>true</single><answer fraction="100"><text>{escape(answer)}</text>{beside}</answer>'
        '<answer fraction="0"><text>无</text></answer></question></quiz>'
    )
    return read_questions(text.encode(), "bank.xml")


def test_a_qti_package_keeps_pictures_recordings_and_mathml() -> None:
    image, sound = (
        '<img src="../media/red.png" alt="红牌"/>',
        '<object data="../media/tone.wav" type="audio/wav">铃声</object>',
    )
    maths = (
        '<m:math xmlns:m="http://www.w3.org/1998/Math/MathML" alttext="e"><m:semantics><m:mi onclick="x()">e</m:mi>'
        '<m:annotation encoding="TeX">\\mathrm{e}</m:annotation></m:semantics></m:math>'
    )
    reading = read_package(f"见{image}听{sound}算{maths}", image, FILES)
    assert (reading.refused, reading.unsupported) == ((), {})
    (content,) = (draft.content for draft in reading.drafts)
    assert as_told(content) == {"stem": "见[红牌]听[铃声]算[e]", "A": "[红牌]", "B": "无"}
    kinds = {each.text: each for each in content.figures or ()}
    assert {words: each.kind.value for words, each in kinds.items()} == {
        "红牌": "image",
        "铃声": "audio",
        "e": "formula",
    }
    assert kinds["e"].data == b"<math><mrow><mi>e</mi></mrow></math>"


def test_a_stimulus_that_items_share_is_read_before_each() -> None:
    stimulus = b"<qti-assessment-stimulus><qti-stimulus-body><p>x<img src='red.png' alt='y'/></p></qti-stimulus-body></qti-assessment-stimulus>"
    files = {"red.png": RED, "shared.xml": stimulus}
    reading = read_package(
        "z", files=files, before='<assessmentStimulusRef identifier="s" href="../media/shared.xml"/>'
    )
    assert (reading.refused, reading.unsupported) == ((), {})
    assert as_told(reading.drafts[0].content)["stem"] == "x[y]\nz"
    lost = read_package("z", before='<assessmentStimulusRef identifier="s" href="../media/lost.xml"/>')
    assert reasons(lost) == [("figure_absent", {"name": "../media/lost.xml"})]


@pytest.mark.parametrize(
    ("html", "name"),
    [
        ("<p onclick='x()'>见</p>", "onclick"),
        ("见<script>z()</script>", "script"),
        ("<img src='@@PLUGINFILE@@/red.png' onerror='y()'>", "onerror"),
    ],
)
def test_an_item_with_a_script_is_refused(html: str, name: str) -> None:
    assert reasons(moodle(html, "有", FILES)) == [("script", {"name": name})]
    inner = html.replace("@@PLUGINFILE@@", "..").replace("'>", "'/>") if name == "onerror" else html
    assert reasons(read_package(f"z{inner}")) == [("script", {"name": name})]


def test_moodle_files_and_data_urls_are_kept() -> None:
    url = f"data:image/gif;base64,{b64encode(picture_file('blue', 'GIF')).decode()}"
    reading = moodle(
        f"<p>见<img src='@@PLUGINFILE@@/red.png?time=1' alt='红'></p>"
        f"<audio controls><source src='@@PLUGINFILE@@/tone.wav'></audio><style>p {{}}</style><img src='{url}'>",
        "<math><mfenced><mi>a</mi><mi>b</mi></mfenced></math>",
        FILES,
    )
    assert (reading.refused, reading.unsupported) == ((), {})
    (content,) = (draft.content for draft in reading.drafts)
    assert as_told(content) == {"stem": "见[红]\n[][]", "A": "[]", "B": "无"}
    assert b"<math><mrow><mo>(</mo><mi>a</mi><mo>,</mo><mi>b</mi><mo>)</mo></mrow></math>" in {
        each.data for each in content.figures or ()
    }


def png_of(pixels: int) -> bytes:
    """Return a PNG that says it is so many pixels wide and high, and holds none."""
    head = b"IHDR" + pixels.to_bytes(4) * 2 + b"\x08\x02\x00\x00\x00"
    chunks = [len(head[4:]).to_bytes(4) + head + zlib.crc32(head).to_bytes(4)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + b"\x00\x00\x00\x00IEND\xaeB`\x82"


HOSTILE = [
    ('<img src="http://a.example/x.png?key=1"/>', b"", "figure_kind", "http://a.example/x.png"),
    ('<img src="//a.example/x.png"/>', b"", "figure_kind", "//a.example/x.png"),
    ('<img src="file:///etc/passwd"/>', b"", "figure_kind", "file:///etc/passwd"),
    ('<img src="../../../etc/passwd"/>', b"", "figure_absent", "../../../etc/passwd"),
    ('<img src="/etc/passwd"/>', b"", "figure_absent", "/etc/passwd"),
    ('<img src="{x}"/>', b"<svg xmlns='s'><script>x()</script></svg>", "figure_kind", "SVG"),
    ('<img src="{x}"/>', b"MZ\x90\x00\x03" + bytes(60), "figure_unreadable", None),
    ('<img src="{x}"/>', png_of(60_000), "figure_unreadable", None),
    ('<img src="{x}"/>', b"BM" + b"\xff" * 60, "figure_unreadable", None),
    ('<img src="data:image/png;base64,AAAA"/>', b"", "figure_unreadable", None),
    ('<audio src="{x}"></audio>', b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n", "recording_unreadable", None),
    ('<video src="{x}"></video>', RED, "figure_kind", "video"),
    ('<object data="{x}" type="video/mp4"></object>', RED, "figure_kind", "video/mp4"),
    ('<object data="{x}" type="text/html"></object>', RED, "figure_kind", "text/html"),
    ('<iframe src="{x}"></iframe>', RED, "figure_kind", "iframe"),
    ('<embed src="{x}"/>', RED, "figure_kind", "embed"),
    ("<svg><script>x()</script></svg>", b"", "figure_kind", "svg"),
    ("<math><menclose><mi>x</mi></menclose></math>", b"", "figure_kind", "menclose"),
    ("<math><maction href='javascript:x()'><mi>x</mi></maction></math>", b"", "figure_kind", "maction"),
]


@pytest.mark.parametrize(("markup", "file", "code", "name"), HOSTILE)
def test_hostile_and_foreign_content_is_refused_with_its_name(
    markup: str, file: bytes, code: str, name: str | None
) -> None:
    files = {"x.bin": file} if file else {}
    for reading in (
        read_package(markup.replace("{x}", "../media/x.bin"), files=files),
        moodle(markup.replace("{x}", "@@PLUGINFILE@@/x.bin"), files=files),
    ):
        assert [(found, fields.get("name")) for found, fields in reasons(reading)] == [(code, name)]


def test_a_bomb_among_the_pictures_refuses_the_file() -> None:
    data = docx(paragraph("1. 见图。(√)"), files={"word/media/image1.png": bytes(20_000_000)}, relations=RELATIONS)
    with pytest.raises(ArchiveBombError):
        read_questions(data, "a.docx")


def test_one_picture_in_very_many_rows_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafting, "_MOST_FILE_BYTES", 2000)
    rows = [paragraph(f"{number}. 见图{number}", drawing("rId1"), "。(√)") for number in range(1, 6)]
    data = docx(paragraph("一、判断题"), *rows, files=PICTURES, relations=RELATIONS)
    reading = read_questions(data, "a.docx")
    assert (len(reading.drafts), {one.code for one in reading.refused}) == (2, {"figure_total"})


def test_one_file_that_is_no_picture_is_judged_once_for_all_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = []

    def fit(kind: FigureKind, data: bytes) -> Figure:
        judged.append(data)
        return fit_figure(kind, data)

    monkeypatch.setattr(enclosing, "fit_figure", fit)
    rows = [paragraph(f"{number}. 见图{number}", drawing("rId1"), "。(√)") for number in range(1, 4)]
    files = {"word/media/image1.png": b"MZ\x90\x00"}
    reading = read_questions(docx(paragraph("一、判断题"), *rows, files=files, relations=RELATIONS), "a.docx")
    assert ([one.code for one in reading.refused], len(judged)) == (["figure_unreadable"] * 3, 1)


def test_a_picture_of_a_json_bank_stands_at_its_mark_or_is_missed() -> None:
    row = {"question": "见〔图1〕。", "type": "判断题", "answer": True}
    figure = {"kind": "image", "data": b64encode(RED).decode(), "text": "红"}
    for figures, code in (([figure], []), ([], ["figure_missing"]), ([figure | {"href": "x"}], ["record_shape"])):
        reading = read_questions(msgspec.json.encode([{**row, "figures": figures}]), "a.json")
        assert [one.code for one in reading.refused] == code


def test_pictures_that_float_over_a_table_are_named() -> None:
    out = io.BytesIO(write_workbook(["题型", "题目", "答案"], [["判断题", "作业前应验电。", "对"]]))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/media/image1.png", RED)
    reading = read_questions(out.getvalue(), "a.xlsx")
    assert (len(reading.drafts), reading.unsupported) == (1, {"picture": 1})


def test_a_document_of_many_pictures_stays_within_the_limited_process() -> None:
    photo = Image.linear_gradient("L").resize((1600, 1200)).convert("RGB")
    files = {}
    for number in range(8):
        out = io.BytesIO()
        photo.rotate(number).save(out, "JPEG")
        files[f"word/media/{number}.jpg"] = out.getvalue()
    rows = [paragraph(f"{number + 1}. 见图{number}", drawing(f"r{number % 8}"), "。(√)") for number in range(200)]
    relations = {f"r{number}": f"media/{number}.jpg" for number in range(8)}
    data = docx(paragraph("一、判断题"), *rows, files=files, relations=relations)
    reading = read_in_subprocess(data, "a.docx")
    assert (len(reading.drafts), reading.refused) == (200, ())
