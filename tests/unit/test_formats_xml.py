"""Moodle XML and QTI, and XML that attacks its reader."""

import zipfile
from io import BytesIO

import pytest

from questionbank.formats.errors import ForbiddenXmlError, MalformedXmlError
from questionbank.formats.reader import read_questions
from questionbank.formats.reading import Reading
from questionbank.items.content import Interaction, ItemContent

QTI2 = """<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i" title="t" adaptive="false">
<responseDeclaration identifier="RESPONSE" cardinality="{cardinality}" baseType="identifier"><correctResponse>{correct}
</correctResponse></responseDeclaration><itemBody><p>请看  说明。</p>
<choiceInteraction responseIdentifier="RESPONSE" shuffle="true" maxChoices="{most}"><prompt>应先()。</prompt>
<simpleChoice identifier="c1">验电<feedbackInline outcomeIdentifier="F" identifier="c1">对</feedbackInline></simpleChoice>
<simpleChoice identifier="c2">送电</simpleChoice><simpleChoice identifier="c3">休息</simpleChoice>
</choiceInteraction></itemBody></assessmentItem>"""

QTI3_TEXT = """<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="i" title="t">
<qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="string">
<qti-correct-response><qti-value>36</qti-value></qti-correct-response>
<qti-mapping><qti-map-entry map-key="36" mapped-value="1"/><qti-map-entry map-key="三十六" mapped-value="1"/>
<qti-map-entry map-key="42" mapped-value="0.5"/></qti-mapping></qti-response-declaration>
<qti-item-body><p>安全电压上限是<qti-text-entry-interaction response-identifier="RESPONSE"/>V。</p></qti-item-body>
</qti-assessment-item>"""

MOODLE = """<?xml version="1.0" encoding="UTF-8"?><quiz>
<question type="category"><category><text>电工</text></category></question>
<question type="multichoice"><name><text>一</text></name>
<questiontext format="html"><text><![CDATA[<p>应先<b>()</b>。</p>]]></text></questiontext>
<generalfeedback format="html"><text>见规程</text></generalfeedback><single>{single}</single>
<answer fraction="{first}"><text>验电</text></answer><answer fraction="{second}" format="html"><text>&lt;p&gt;送电&lt;/p&gt;</text></answer>
<answer fraction="0"><text>休息</text></answer></question>
<question type="truefalse"><questiontext format="plain_text"><text>a &lt; b 成立。</text></questiontext>
<answer fraction="100"><text>false</text></answer><answer fraction="0"><text>true</text></answer></question>
<question type="shortanswer"><questiontext><text>上限是几伏?</text></questiontext>
<answer fraction="100"><text>36</text></answer><answer fraction="50"><text>42</text></answer></question>
<question type="essay"><questiontext><text>论述。</text></questiontext></question>
<question type="truefalse"><questiontext><text>&lt;img src="x"&gt;</text></questiontext></question></quiz>"""


def read_xml(text: str) -> Reading:
    return read_questions(text.encode(), "bank.xml")


def read_choice(correct: str, cardinality: str = "single") -> ItemContent:
    values = "".join(f"<value>{value}</value>" for value in correct.split())
    (draft,) = read_xml(QTI2.format(cardinality=cardinality, correct=values, most=0)).drafts
    return draft.content


def test_moodle_numbers_keep_their_tolerance() -> None:
    [draft] = read_xml(
        '<quiz><question type="numerical"><questiontext><text>几伏?</text></questiontext>'
        '<answer fraction="100"><text>36</text><tolerance>0.5</tolerance></answer>'
        '<answer fraction="100"><text>24</text></answer></question></quiz>'
    ).drafts
    assert draft.content.key == ("36±0.5", "24±0")


def test_a_qti_2_choice_maps_identifiers_to_letters() -> None:
    content = read_choice("c2")
    assert (content.interaction, content.stem, content.key) == (Interaction.CHOICE, "请看 说明。\n应先()。", ("B",))
    assert [option.text for option in content.options] == ["验电", "送电", "休息"]


def test_a_qti_2_multiple_choice_has_several_right_answers() -> None:
    content = read_choice("c3 c1", "multiple")
    assert (content.interaction, content.key) == (Interaction.MULTIPLE, ("A", "C"))


def test_a_qti_3_item_is_read_by_the_same_reader() -> None:
    three = QTI2.format(cardinality="single", correct="<value>c1</value>", most=1)
    for old, new in (
        ("assessmentItem", "qti-assessment-item"),
        ("responseDeclaration", "qti-response-declaration"),
        ("correctResponse", "qti-correct-response"),
        ("itemBody", "qti-item-body"),
        ("choiceInteraction", "qti-choice-interaction"),
        ("simpleChoice", "qti-simple-choice"),
        ("feedbackInline", "qti-feedback-inline"),
        ("responseIdentifier", "response-identifier"),
        ("<value>", "<qti-value>"),
        ("</value>", "</qti-value>"),
        ("prompt>", "qti-prompt>"),
    ):
        three = three.replace(old, new).replace("</qti-prompt>", "</qti-prompt>")
    (draft,) = read_xml(three.replace("</prompt>", "</qti-prompt>")).drafts
    assert draft.content == read_choice("c1")


def test_a_qti_3_text_entry_takes_the_full_mark_variants() -> None:
    (draft,) = read_xml(QTI3_TEXT).drafts
    assert draft.content.stem == "安全电压上限是_____V。"
    assert draft.content.key == ("36", "三十六")


def test_a_qti_order_keeps_its_sequence_and_not_the_place_of_its_choices() -> None:
    text = QTI2.format(cardinality="ordered", correct="<value>c2</value><value>c3</value><value>c1</value>", most=0)
    [draft] = read_xml(text.replace("choiceInteraction", "orderInteraction")).drafts
    assert draft.content.interaction is Interaction.ORDER
    texts = {option.id: option.text for option in draft.content.options}
    assert [texts[each] for each in draft.content.key] == ["送电", "休息", "验电"]


@pytest.mark.parametrize(
    ("said", "left_out"),
    [
        ("", {}),
        ('default-value="0" lower-bound="0" upper-bound="1"', {}),
        ('lower-bound="-1"', {}),
        ('default-value="-1"', {"mapping": 1}),
        ('lower-bound="0.5"', {"mapping": 1}),
        ('upper-bound="0.5"', {"mapping": 1}),
    ],
)
def test_a_qti_mapping_that_does_not_just_add_up_is_counted(said: str, left_out: dict[str, int]) -> None:
    even = QTI3_TEXT.replace('mapped-value="0.5"', 'mapped-value="0"').replace("<qti-mapping>", f"<qti-mapping {said}>")
    assert read_xml(even).unsupported == left_out


def test_a_qti_judgement_has_no_marks_by_answer_and_says_so() -> None:
    text = QTI2.format(cardinality="single", correct="<value>c1</value>", most=1)
    mapping = '<mapping defaultValue="-1" lowerBound="0"><mapEntry mapKey="c1" mappedValue="1"/></mapping>'
    text = text.replace("</correctResponse>", f"</correctResponse>{mapping}").replace(
        "</itemBody>",
        "</itemBody>"
        '<responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/map_response"/>',
    )
    weighed, judged = (
        text,
        text.replace('<simpleChoice identifier="c3">休息</simpleChoice>', "")
        .replace("验电<", "正确<")
        .replace("送电", "错误"),
    )
    assert read_xml(weighed).drafts[0].content.weights
    assert (read_xml(judged).drafts[0].content.interaction, read_xml(judged).unsupported["mapping"]) == (
        Interaction.JUDGEMENT,
        1,
    )


def test_a_qti_variant_that_earns_less_is_counted_and_left_out() -> None:
    assert read_xml(QTI3_TEXT).unsupported == {"mapping": 1}


def test_qti_feedback_is_counted_and_left_out() -> None:
    reading = read_xml(QTI2.format(cardinality="single", correct="<value>c1</value>", most=1))
    assert reading.unsupported == {"feedback": 1}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("choiceInteraction", "hottextInteraction", "unsupported_interaction"),
        ('adaptive="false"', 'adaptive="true"', "unsupported_interaction"),
        ("送电", "<img src='a.png'/>", "figure_absent"),
        ("<value>c1</value>", "", "key_missing"),
        ("<value>c1</value>", "<value>c9</value>", "key_without_option"),
        ('<responseDeclaration identifier="RESPONSE"', '<responseDeclaration identifier="OTHER"', "key_missing"),
    ],
)
def test_a_qti_item_that_cannot_be_held_is_refused(old: str, new: str, code: str) -> None:
    text = QTI2.format(cardinality="single", correct="<value>c1</value>", most=1).replace(old, new)
    assert read_xml(text).refused[0].code == code


def test_a_qti_package_reads_its_items_and_passes_over_the_rest() -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("imsmanifest.xml", "<manifest/>")
        archive.writestr("a.xml", QTI2.format(cardinality="single", correct="<value>c1</value>", most=1))
        archive.writestr("b.xml", QTI3_TEXT)
        archive.writestr("c.xml", "<assessmentTest/>")
        archive.writestr("d.xml", "<broken")
    reading = read_questions(buffer.getvalue(), "bank.zip")
    assert [draft.row for draft in reading.drafts] == [1, 2]
    assert [(refusal.row, refusal.code) for refusal in reading.refused] == [(3, "record_shape")]
    assert reading.unsupported == {"feedback": 1, "mapping": 1}
    assert reading.left_out == {1: ("feedback",), 2: ("mapping",)}
    assert [(test.title, test.sections) for test in reading.tests] == [("QTI", ())]


def test_moodle_xml_questions() -> None:
    reading = read_xml(MOODLE.format(single="true", first="100", second="0"))
    choice, truth, entry = (draft.content for draft in reading.drafts)
    assert (choice.stem, choice.key, choice.explanation) == ("应先()。", ("A",), "见规程")
    assert [option.text for option in choice.options] == ["验电", "送电", "休息"]
    assert (truth.stem, truth.key) == ("a < b 成立。", ("F",))
    assert entry.key == ("36",)
    assert [(refusal.row, refusal.code) for refusal in reading.refused] == [
        (4, "reference_missing"),
        (5, "figure_absent"),
    ]
    assert reading.unsupported == {"category": 1, "partial_credit": 1}


def test_moodle_multiple_answers() -> None:
    reading = read_xml(MOODLE.format(single="false", first="50", second="50"))
    assert reading.drafts[0].content.key == ("A", "B")


def test_moodle_fractions_that_do_not_add_up_are_refused() -> None:
    reading = read_xml(MOODLE.format(single="false", first="50", second="20"))
    assert reading.refused[0].code == "partial_credit"


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE quiz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE quiz SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE quiz [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        "<!DOCTYPE quiz>",
    ],
    ids=["laughs", "external", "entity", "plain"],
)
def test_a_document_type_is_refused(doctype: str) -> None:
    with pytest.raises(ForbiddenXmlError):
        read_xml(f"{doctype}<quiz><question/></quiz>")


@pytest.mark.parametrize(
    "text", ["<quiz>", "<quiz>&undefined;</quiz>", "<a>" * 5000 + "</a>" * 5000, "<a>" * 150 + "</a>" * 150]
)
def test_broken_or_deep_xml_is_refused(text: str) -> None:
    with pytest.raises(MalformedXmlError):
        read_xml(text)
