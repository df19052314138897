"""Moodle XML out (Moodle documentation, "Moodle XML format"); node, depth, difficulty and basis travel as tags."""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import msgspec
from lxml import etree  # type: ignore[import-untyped]

from exam.core.areas import Area
from questionbank.formats.tags import tags_of
from questionbank.formats.write_figures import files_of, html_lines, marked_up, named_with_figures, without_marks
from questionbank.interactions.case import questions_of
from questionbank.interactions.figures import split_marks
from questionbank.interactions.hotspot import area_of, name_of
from questionbank.interactions.inline_choice import GAP
from questionbank.interactions.registry import kind_of
from questionbank.interactions.text_entry import find_near
from questionbank.items.content import TRUE, Interaction, ItemContent, ItemDraft, Option

TAG_AREA, TAG_KIND = "area:", "kind:"
PLUGIN_FILES: Final = "@@PLUGINFILE@@"
"""Stands for the folder of the files that lie beside a text."""
WEIGHTS_LEFT_OUT: Final = "只写正确答案,不写按答案给分"
_FULL: Final = 100
_SPECIAL: Final = re.compile(r"([~=%#{}\\])")
"""What means something in an embedded answer."""
_LONGEST_NAME: Final = 40


def to_moodle(drafts: Sequence[ItemDraft]) -> bytes:
    """Return a `quiz` document with one question per item."""
    root = etree.Element("quiz")
    for draft in drafts:
        _add_question(root, draft)
    data: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return data


def moodle_leaves_out(content: ItemContent) -> str:
    """Tell what of an item is not in the file, its own marks for each answer among it, as a Chinese message id."""
    return named_with_figures(content) or ("" if content.weights is msgspec.UNSET else WEIGHTS_LEFT_OUT)


def _add_question(root: etree._Element, draft: ItemDraft) -> None:
    content = draft.content
    kind, write = _WRITERS[content.interaction]
    if content.interaction is Interaction.TEXT_ENTRY and all(map(find_near, content.key)):
        kind, write = "numerical", _numbers
    question = etree.SubElement(root, "question", type=kind)
    _text(etree.SubElement(question, "name"), without_marks(content.stem)[:_LONGEST_NAME])
    _html(etree.SubElement(question, "questiontext", format="html"), _text_of(content), content)
    _html(etree.SubElement(question, "generalfeedback", format="html"), content.explanation, content)
    etree.SubElement(question, "defaultgrade").text = "1"
    write(question, content)
    tags = etree.SubElement(question, "tags")
    more = [f"{TAG_KIND}{content.interaction}"] if content.interaction is Interaction.CASE else []
    more += [f"{TAG_AREA}{option.id} {area_of(option.text)}" for option in _ellipses(content)]
    for tag in (*tags_of(draft), *more):
        _text(etree.SubElement(tags, "tag"), tag)


def _ellipses(content: ItemContent) -> list[Option]:
    """Return the areas that Moodle has no shape for."""
    hotspot = content.interaction is Interaction.HOTSPOT
    return [each for each in content.options if hotspot and area_of(each.text).shape == "ellipse"]


def _truth(question: etree._Element, content: ItemContent) -> None:
    for word in ("true", "false"):
        right = (word == "true") == (content.key[0] == TRUE)
        _text(_add_answer(question, _FULL if right else 0, form="moodle_auto_format"), word)


def _variants(question: etree._Element, content: ItemContent) -> None:
    etree.SubElement(question, "usecase").text = "0"
    for variant in content.key:
        _text(_add_answer(question, _FULL, form="plain_text"), variant.replace("*", r"\*"))


def _numbers(question: etree._Element, content: ItemContent) -> None:
    for number, tolerance in filter(None, map(find_near, content.key)):
        answer = _add_answer(question, _FULL, form="plain_text")
        _text(answer, number)
        etree.SubElement(answer, "tolerance").text = tolerance


def _choices(question: etree._Element, content: ItemContent) -> None:
    etree.SubElement(question, "single").text = str(content.interaction is Interaction.CHOICE).lower()
    etree.SubElement(question, "shuffleanswers").text = "true"
    etree.SubElement(question, "answernumbering").text = "ABCD"
    for option in content.options:
        right = option.id in content.key
        answer = _add_answer(question, _FULL / len(content.key) if right else 0, form="html")
        _html(answer, option.text, content)


def _order(question: etree._Element, content: ItemContent) -> None:
    """Write Moodle's ordering question, in which the fraction of an answer is its place."""
    for name, value in (("layouttype", "VERTICAL"), ("selecttype", "ALL"), ("gradingtype", "ALL_OR_NOTHING")):
        etree.SubElement(question, name).text = value
    for place, text in enumerate(kind_of(content).typed(content), 1):
        _html(_add_answer(question, place, form="html"), text, content)


def _match(question: etree._Element, content: ItemContent) -> None:
    etree.SubElement(question, "shuffleanswers").text = "true"
    texts = {option.id: option.text for option in content.options}
    right = {label[:1]: label[1:] for label in content.key}
    left_over = [("", each) for each in texts if each.isalpha() and each not in right.values()]
    for source, target in [*right.items(), *left_over]:
        subquestion = etree.SubElement(question, "subquestion", format="html")
        _html(subquestion, texts.get(source, ""), content)
        marked = any(isinstance(part, int) for part in split_marks(texts[target]))
        answer = etree.SubElement(subquestion, "answer", format="html" if marked else "plain_text")
        _html(answer, texts[target], content) if marked else _text(answer, texts[target])


def _markers(question: etree._Element, content: ItemContent) -> None:
    """Write Moodle's drag-and-drop markers: a marker for each area, a polygon for an ellipse, which it does not know."""
    if content.photo is not msgspec.UNSET:
        photo = etree.SubElement(question, "file", name="photo.jpg", encoding="base64")
        photo.text = b64encode(content.photo.jpeg).decode()
    for number, option in enumerate(content.options, 1):
        drag = etree.SubElement(question, "drag")
        etree.SubElement(drag, "no").text = str(number)
        _text(drag, html_lines(name_of(option.text)))
        etree.SubElement(drag, "noofdrags").text = "1"
        shape, coords = _moodle_area(area_of(option.text))
        drop = etree.SubElement(question, "drop")
        for name, value in (("no", str(number)), ("shape", shape), ("coords", coords), ("choice", str(number))):
            etree.SubElement(drop, name).text = value


def _moodle_area(area: Area) -> tuple[str, str]:
    match area.shape, area.coords:
        case "rect", (left, top, right, bottom):
            return "rectangle", f"{left},{top};{right - left},{bottom - top}"
        case "circle", (x, y, radius):
            return "circle", f"{x},{y};{radius}"
    corners = area.corners if area.shape == "poly" else area.outline()
    return "polygon", ";".join(f"{x},{y}" for x, y in corners)


def _essay(question: etree._Element, content: ItemContent) -> None:
    etree.SubElement(question, "responseformat").text = "plain"
    etree.SubElement(question, "responserequired").text = "1"
    _text(etree.SubElement(question, "graderinfo", format="html"), html_lines("\n".join(content.key)))


def _no_answers(question: etree._Element, content: ItemContent) -> None:
    """Write nothing: a cloze question holds its answers in the text."""
    del question, content


def _text_of(content: ItemContent) -> str:
    """Return the question text: the stem, of an inline choice with its options in the blanks."""
    if content.interaction is Interaction.CASE:
        return "\n".join([content.stem, *map(partial(_asked, content), questions_of(content))])
    if content.interaction is not Interaction.INLINE_CHOICE:
        return content.stem
    first, *rest = content.stem.split(GAP)
    embedded = []
    for right in content.key:
        own = [option for option in content.options if option.id[:1] == right[:1]]
        answers = "~".join(f"{'=' if option.id == right else ''}{_embed(option.text)}" for option in own)
        embedded.append(f"{{1:MULTICHOICE_S:{answers}}}")
    return first + "".join(f"{gap}{part}" for gap, part in zip(embedded, rest, strict=True))


def _asked(content: ItemContent, head: Option) -> str:
    """Return a question of a case with its embedded options."""
    own = [option for option in content.options if option.id[:1] == head.id != option.id]
    right = sum(option.id in content.key for option in own)
    share = "=" if right == 1 else f"%{_FULL / right:.5f}%"
    answers = "~".join(f"{share if option.id in content.key else ''}{_embed(option.text)}" for option in own)
    return f"{head.text} {{1:{'MULTICHOICE_V' if right == 1 else 'MULTIRESPONSE'}:{answers}}}"


def _embed(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _add_answer(question: etree._Element, percent: float, *, form: str) -> etree._Element:
    return etree.SubElement(question, "answer", fraction=f"{percent:.7g}", format=form)


def _text(parent: etree._Element, text: str) -> None:
    etree.SubElement(parent, "text").text = text


def _html(parent: etree._Element, text: str, content: ItemContent) -> None:
    """Write a text with its figures, and their files beside it."""
    _text(parent, marked_up(text, content, PLUGIN_FILES, html_lines))
    named = {each for each in split_marks(text) if isinstance(each, int)}
    own = msgspec.structs.replace(
        content, figures=tuple(each for at, each in enumerate(content.figures or (), 1) if at in named)
    )
    for name, data in files_of(own).items():
        file = etree.SubElement(parent, "file", name=name, path="/", encoding="base64")
        file.text = b64encode(data).decode()


_WRITERS: Final[Mapping[Interaction, tuple[str, Callable[[etree._Element, ItemContent], None]]]] = {
    Interaction.JUDGEMENT: ("truefalse", _truth),
    Interaction.CHOICE: ("multichoice", _choices),
    Interaction.MULTIPLE: ("multichoice", _choices),
    Interaction.TEXT_ENTRY: ("shortanswer", _variants),
    Interaction.ORDER: ("ordering", _order),
    Interaction.MATCH: ("matching", _match),
    Interaction.INLINE_CHOICE: ("cloze", _no_answers),
    Interaction.HOTSPOT: ("ddmarker", _markers),
    Interaction.CASE: ("cloze", _no_answers),
    Interaction.EXTENDED_TEXT: ("essay", _essay),
}
