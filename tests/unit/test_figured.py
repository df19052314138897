"""Figures where items are shown: on pages, in forms and on the terminal, and in what a version changed."""

import io
import zipfile
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from jinja2 import Environment

from exam.delivery.schemas import wire_form
from questionbank.figured import FILTERS
from questionbank.forms.assembly import Assembly, AssemblySlot
from questionbank.forms.views import render_views
from questionbank.forms.word_file import write_docx
from questionbank.forms.wording import word_form
from questionbank.interactions.figures import pick_figures
from questionbank.items.content import Figure, FigureKind, Interaction, ItemContent, Option, Photo
from questionbank.items.viewing import VersionView, compare
from tests.builders.figures import some_figures

RED = Figure(FigureKind.IMAGE, b"red", 60, 40, "禁止标志")
BELL = Figure(FigureKind.AUDIO, b"bell", text="警报")
OHM = Figure(FigureKind.FORMULA, b"<math><mfrac><mi>U</mi><mi>I</mi></mfrac><script>x()</script></math>")
ITEM = ItemContent(
    interaction=Interaction.CHOICE,
    stem="哪一个是〔音3〕",
    options=(Option("A", "〔图1〕"), Option("B", "3 < 5")),
    key=("A",),
    explanation="见〔式2〕",
    figures=(RED, OHM, BELL),
)

SLOT = AssemblySlot(
    slot=1,
    item_id="i",
    version="v",
    interaction=Interaction.CHOICE,
    difficulty=0,
    marks=100,
    cell=0,
    part=0,
    option_order=(1, 0),
)
ASSEMBLY = Assembly(key="k", algorithm="a", slots=(SLOT,))


def version(content: ItemContent) -> VersionView:
    nobody = UUID(int=1)
    return VersionView(
        number=1,
        content=content,
        node="",
        depth="",
        difficulty=30,
        author_id=nobody,
        author_name="",
        created_at=datetime(2026, 7, 1, tzinfo=UTC),
        digest="",
    )


def render(source: str, **names: object) -> str:
    environment = Environment(autoescape=True)
    environment.globals["_"] = str
    environment.filters.update(FILTERS)
    return environment.from_string(source).render(**names)


def test_page_shows_each_figure_at_its_mark_and_escapes_the_rest() -> None:
    shown = render("{{ text | figured(figures) }}", text="<b>〔图1〕〔式2〕〔音3〕〔图9〕", figures=ITEM.figures)
    assert shown.startswith('&lt;b&gt;<img class="item-figure" src="data:image/jpeg;base64,cmVk"')
    assert 'alt="禁止标志"><math><mfrac><mi>U</mi><mi>I</mi></mfrac></math><audio ' in shown
    assert shown.endswith('preload="none" src="data:audio/mp4;base64,YmVsbA==" aria-label="警报"></audio>〔图9〕')
    assert render("{{ text | figured(figures) }}", text="〔图1〕", figures=msgspec.UNSET) == "〔图1〕"


def test_list_shows_words_for_figures() -> None:
    assert render("{{ text | unfigured }}", text="见〔图1〕与〔音2〕") == "见[图片]与[录音]"


def test_picked_figures_are_counted_anew() -> None:
    assert pick_figures(["看〔音3〕", "〔图1〕〔图7〕"], (RED, OHM, BELL)) == (
        ["看〔音2〕", "〔图1〕〔图7〕"],
        (RED, BELL),
    )


def test_form_holds_figures_of_stem_and_options_never_of_the_explanation() -> None:
    form, _ = render_views(ASSEMBLY, {"v": ITEM}, title="t", duration_s=60)
    (asked,) = form.slots
    assert (asked.stem, asked.options) == ("哪一个是〔音2〕", (("A", "3 < 5"), ("B", "〔图1〕")))
    assert asked.figures == (RED, BELL)
    assert b"math" not in msgspec.json.encode(form)
    (sent,) = wire_form(form).slots
    assert sent.figures
    assert [(each.kind, each.source, each.text) for each in sent.figures] == [
        ("image", RED.url, "禁止标志"),
        ("audio", BELL.url, "警报"),
    ]
    plain, _ = render_views(
        ASSEMBLY, {"v": msgspec.structs.replace(ITEM, figures=msgspec.UNSET)}, title="t", duration_s=60
    )
    assert b"figures" not in msgspec.json.encode(plain)
    assert b"figures" not in msgspec.json.encode(wire_form(plain))


def test_print_has_pictures_below_their_texts_and_words_for_the_rest() -> None:
    picture, sound, formula = some_figures()
    content = msgspec.structs.replace(ITEM, figures=(picture, formula, sound))
    form, scoring = render_views(ASSEMBLY, {"v": content}, title="t", duration_s=60)
    worded = word_form(form, scoring, {"v": content}, number="1", warning="")
    paper, _, key = (block for part in worded.parts for block in [sum(part.blocks, ())])
    shown = [each.text or each.photo for each in paper if each.before != 1][-4:]
    assert shown[1:3] == ["A. 3 < 5", "B. （图1）"]
    assert shown[0] == "1. 哪一个是（录音2，在考试终端上听）(1 分)"
    assert shown[3] == Photo(60, 40, picture.data)
    assert "解析：见R = U/I" in [each.text for each in key]
    with zipfile.ZipFile(io.BytesIO(write_docx(worded))) as archive:
        assert archive.read("word/media/photo1.jpeg") == picture.data
        body = archive.read("word/document.xml").decode()
    assert (body.count("<m:oMath"), body.count("<m:f>"), "U/I" in body) == (1, 1, False)


def test_changed_figure_is_shown_before_and_after_and_a_new_number_is_no_change() -> None:
    blue = msgspec.structs.replace(RED, data=b"blue")
    moved = msgspec.structs.replace(
        ITEM, stem="哪一个是〔音1〕", options=(Option("A", "〔图3〕"), ITEM.options[1]), figures=(BELL, OHM, RED)
    )
    assert compare(version(ITEM), version(moved)) == ()
    other = msgspec.structs.replace(ITEM, figures=(blue, OHM, BELL))
    (change,) = compare(version(ITEM), version(other))
    assert (change.field, change.label) == ("选项", "A")
    assert [side.figures for side in change.sides] == [(RED,), (blue,)]


@pytest.mark.parametrize("hidden", [b"<img src=x onerror=y>", b"<maction onclick='x()'>x</maction>"])
def test_formula_is_made_plain_again_on_the_way_out(hidden: bytes) -> None:
    figure = Figure(FigureKind.FORMULA, b"<math><mi>U</mi>" + hidden + b"</math>")
    shown = render("{{ text | figured(figures) }}", text="〔式1〕", figures=(figure,))
    assert shown.startswith("<math><mi>U</mi>")
    assert "onclick" not in shown
    assert "<img" not in shown
