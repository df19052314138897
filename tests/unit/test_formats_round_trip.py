"""What a bank is written as comes back as it was: every interaction, any text, in every format."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam.core.sheets.reader import read_workbook
from questionbank.formats.options import LETTERS
from questionbank.formats.reader import read_questions
from questionbank.formats.wording import clean_text
from questionbank.formats.writer import FORMATS
from questionbank.interactions.figures import fit_figure, mark, settle_figures
from questionbank.interactions.registry import KIND_NAMES, KINDS
from questionbank.items.content import (
    FALSE,
    TRUE,
    Depth,
    Figure,
    FigureKind,
    Interaction,
    ItemContent,
    ItemDraft,
    Option,
)
from tests.builders.figures import picture_file, sound_file
from tests.builders.questionbank import content as item_content
from tests.builders.questionbank import scene

NOT_IN_GIFT = {
    Interaction.ORDER,
    Interaction.INLINE_CHOICE,
    Interaction.HOTSPOT,
    Interaction.CASE,
    Interaction.EXTENDED_TEXT,
}
NOT_IN_WORKBOOKS = {Interaction.HOTSPOT}
LOSSLESS = ["xlsx", "json", "qti3", "qti22", "moodle"]

# the characters that any of the formats gives a meaning to, and words of the field
ALPHABET = "高处作业断电验电器≥Ω℃ABab019.,;:!?*~=#{}\\<>&\"'[]%$@_|/+-() \u00a0\u3000"
WORDS = st.text(ALPHABET, min_size=1, max_size=30).map(lambda text: clean_text(f"题{text}止"))
EMPTY = st.sampled_from(["", "", "\n", "\n\n"])
LINES = st.lists(st.tuples(WORDS, EMPTY).map("".join), min_size=1, max_size=3).map(lambda each: "\n".join(each).strip())

# a bar or a semicolon divides the variants of a text entry in tables, and no author's variant holds one
NEAR = st.sampled_from(["36±0.5", "-1.25±0", "220±22"])
VARIANT = WORDS.map(lambda text: " ".join(text.replace("|", "").replace(";", "").split()))


# what divides the sides of a pair or the options of a blank stands in no text of them
PART = WORDS.map(lambda text: clean_text(text.replace("|", "").replace(">", "")))


@st.composite
def grouped(draw: st.DrawFn, interaction: Interaction, stem: str) -> tuple[str, list[str]]:
    """Return a stem and what an author types for its groups, one a line."""
    parts = draw(st.lists(PART, min_size=4, max_size=12, unique_by=lambda text: "".join(text.split())))
    if interaction is Interaction.MATCH:
        half = min(len(parts) // 2, 6)
        sources, targets = parts[:half], parts[half : 2 * half]
        repeated = [draw(st.sampled_from(targets)) for _ in sources[2:]]
        pairs = [*targets[:2], *repeated]
        left_over = [f"-> {text}" for text in targets[2:4] if text not in pairs]
        return stem, [f"{one} -> {other}" for one, other in zip(sources, pairs, strict=True)] + left_over
    blanks = len(parts) // 2
    bare = clean_text(stem.replace("_", "").replace("(", ""))
    return bare + "____其次".join([""] * blanks) + "____", [
        "|".join(parts[at : at + 2]) for at in range(0, blanks * 2, 2)
    ]


AREAS = st.one_of(
    st.tuples(st.integers(0, 99), st.integers(0, 59)).map(lambda at: f"rect {at[0]},{at[1]},{at[0] + 60},{at[1] + 60}"),
    st.integers(1, 60).map(lambda radius: f"circle 80,60,{radius}"),
    st.integers(1, 60).map(lambda radius: f"ellipse 80,60,{radius},{61 - radius}"),
    st.integers(0, 100).map(lambda x: f"poly {x},0,159,{x},0,119,{x},7"),
)
# an at sign divides the name of an area from its place
NAME = st.one_of(st.just(""), WORDS.map(lambda text: clean_text(text.replace("@", ""))))
PLACES = st.lists(st.tuples(NAME, AREAS), min_size=1, max_size=5, unique_by=lambda pair: pair[1])


# a question with its options, the first ones right
QUESTION = st.tuples(
    st.lists(PART, min_size=3, max_size=6, unique_by=lambda text: "".join(text.split())), st.integers(1, 2)
).map(lambda pair: "|".join([pair[0][0], *("*" * (at < pair[1]) + text for at, text in enumerate(pair[0][1:]))]))


@st.composite
def contents(draw: st.DrawFn, lines: st.SearchStrategy[str] = LINES) -> ItemContent:
    interaction = draw(st.sampled_from(Interaction))
    options: tuple[Option, ...] = ()
    stem = draw(lines)
    if interaction is Interaction.JUDGEMENT:
        key: tuple[str, ...] = (draw(st.sampled_from([TRUE, FALSE])),)
    elif interaction is Interaction.TEXT_ENTRY:
        key = tuple(draw(st.lists(st.one_of(VARIANT, NEAR), min_size=1, max_size=3, unique=True)))
        stem = draw(st.sampled_from(["{}____", "{}( )为止", "{}"])).format(
            clean_text(stem.replace("_", "").replace("(", ""))
        )
    elif interaction is Interaction.EXTENDED_TEXT:
        key = tuple(draw(st.lists(WORDS, min_size=1, max_size=3)))
    elif interaction in {Interaction.MATCH, Interaction.INLINE_CHOICE}:
        stem, lines_ = draw(grouped(interaction, stem))
        written = tuple(Option(letter, text) for letter, text in zip(LETTERS, lines_, strict=False))
        options, key = KINDS[interaction].settle(stem, written, "")
    elif interaction is Interaction.CASE:
        asked = draw(
            st.lists(QUESTION, min_size=2, max_size=4, unique_by=lambda line: "".join(line.partition("|")[0].split()))
        )
        written = tuple(Option(letter, text) for letter, text in zip(LETTERS, asked, strict=False))
        options, key = KINDS[interaction].settle(stem, written, "")
    elif interaction is Interaction.HOTSPOT:
        places = [f"{name} @ {area}".strip() for name, area in draw(PLACES)]
        written = tuple(Option(letter, text) for letter, text in zip(LETTERS, places, strict=False))
        options, key = KINDS[interaction].settle(stem, written, "")
    else:
        bare = st.lists(WORDS, min_size=2, max_size=6, unique_by=lambda text: "".join(text.split()))
        options = tuple(Option(letter, text) for letter, text in zip(LETTERS, draw(bare), strict=False))
        several = interaction is Interaction.MULTIPLE
        ids = [option.id for option in options]
        key = tuple(sorted(draw(st.sets(st.sampled_from(ids), min_size=1 + several, max_size=6 if several else 1))))
        if interaction is Interaction.ORDER:
            options, key = KINDS[interaction].settle(stem, options, tuple(draw(st.permutations(ids))))
    return ItemContent(
        interaction=interaction,
        stem=stem,
        options=options,
        key=key,
        explanation=draw(st.one_of(st.just(""), lines)),
        basis=draw(st.one_of(st.just(""), lines)),
        photo=scene() if interaction is Interaction.HOTSPOT else msgspec.UNSET,
    )


@st.composite
def drafts(draw: st.DrawFn) -> list[ItemDraft]:
    found = draw(st.lists(contents(), min_size=1, max_size=5))
    return [
        ItemDraft(
            content=content,
            node=draw(st.sampled_from(["", "1.2", "一般规定"])),
            depth=draw(st.sampled_from(Depth)),
            difficulty=draw(st.integers(0, 100)),
            row=number,
        )
        for number, content in enumerate(found, 1)
    ]


def as_written(draft: ItemDraft) -> ItemDraft:
    """Return a draft without its row, which a file counts in its own way."""
    return msgspec.structs.replace(draft, row=0)


@pytest.mark.parametrize("name", LOSSLESS)
@settings(max_examples=40)
@given(written=drafts())
def test_an_item_comes_back_as_it_was(name: str, written: list[ItemDraft]) -> None:
    form = FORMATS[name]
    reading = read_questions(form.write(written), f"bank{form.suffix}")
    lost = [each for each in written if name == "xlsx" and each.content.interaction in NOT_IN_WORKBOOKS]
    kept = [each for each in written if each not in lost]
    assert [each.code for each in reading.refused] == ["photo_missing"] * len(lost)
    assert list(map(as_written, reading.drafts)) == list(map(as_written, kept))
    assert set(reading.unsupported) <= {"latex"}


FIGURES = tuple(
    fit_figure(kind, data, words)
    for kind, data, words in (
        (FigureKind.IMAGE, picture_file("red"), '红 "牌" <1> ~#{}'),
        (FigureKind.IMAGE, picture_file("blue", "JPEG"), ""),
        (FigureKind.AUDIO, sound_file(1), "一声 & 长响"),
        (
            FigureKind.FORMULA,
            b"<math display='block'><mi>U</mi> <mo>&lt;</mo><mtext>\xc2\xa0a#{b}~</mtext></math>",
            "U",
        ),
    )
)


@st.composite
def illustrated(draw: st.DrawFn, figures: tuple[Figure, ...] = FIGURES) -> ItemContent:
    """Return an item with figures at the ends of some of its texts."""
    content = draw(contents())
    marks = st.sampled_from(["", "", *(mark(each.kind, number) for number, each in enumerate(figures, 1))])
    shown = content.interaction is not Interaction.HOTSPOT
    texts = [content.stem, *(option.text for option in content.options), content.explanation]
    options = range(1, len(texts) - 1)
    added = ["" if at in options and not shown else draw(marks) for at in range(len(texts))]
    before = draw(st.booleans())
    marked = [f"{one}{text}" if before else f"{text}{one}" for text, one in zip(texts, added, strict=True)]
    (stem, *told, explanation), settled_figures = settle_figures(marked, figures)
    written = tuple(Option(option.id, text) for option, text in zip(content.options, told, strict=True))
    settled, key = KINDS[content.interaction].settle(stem, written, content.key)
    return msgspec.structs.replace(
        content, stem=stem, options=settled, key=key, explanation=explanation, figures=settled_figures
    )


@pytest.mark.parametrize("name", sorted({*LOSSLESS} - {"xlsx"}))
@settings(max_examples=12)
@given(written=st.lists(illustrated(), min_size=1, max_size=2))
def test_an_item_comes_back_with_its_figures(name: str, written: list[ItemContent]) -> None:
    form = FORMATS[name]
    bank = [ItemDraft(content=content, row=row) for row, content in enumerate(written, 1)]
    reading = read_questions(form.write(bank), f"bank{form.suffix}")
    assert reading.refused == ()
    assert [draft.content for draft in reading.drafts] == written
    assert (set(reading.unsupported) - {"latex"}, list(map(form.leaves_out, written))) == (set(), [""] * len(written))


@settings(max_examples=40)
@given(written=illustrated(FIGURES[-1:]).filter(lambda content: content.interaction not in NOT_IN_GIFT))
def test_gift_brings_back_formulas(written: ItemContent) -> None:
    form = FORMATS["gift"]
    reading = read_questions(form.write([ItemDraft(content=written, row=1)]), "bank.gift")
    assert (reading.refused, set(reading.unsupported) - {"latex"}, form.leaves_out(written)) == ((), set(), "")
    assert [draft.content for draft in reading.drafts] == [written]


def test_a_format_without_files_names_the_figures_that_it_leaves_out() -> None:
    figures = (FIGURES[0],)
    content = ItemContent(interaction=Interaction.JUDGEMENT, stem="见〔图1〕。", key=(TRUE,), figures=figures)
    for name, what in (("xlsx", "图片、录音和公式"), ("gift", "图片和录音")):
        assert what in FORMATS[name].leaves_out(content)
        reading = read_questions(FORMATS[name].write([ItemDraft(content=content, row=1)]), f"bank.{name}")
        assert [one.code for one in reading.refused] == ["figure_missing"]


@settings(max_examples=40)
@given(written=drafts())
def test_gift_brings_back_what_it_has_a_place_for(written: list[ItemDraft]) -> None:
    text = FORMATS["gift"].write(written)
    kept = [draft for draft in written if draft.content.interaction not in NOT_IN_GIFT]
    left_out = [draft.content for draft in written if draft.content.interaction in NOT_IN_GIFT]
    if kept:
        reading = read_questions(text, "bank.gift")
        assert reading.refused == ()
        assert list(map(as_written, reading.drafts)) == list(map(as_written, kept))
    for content in left_out:
        assert f"{KIND_NAMES[content.interaction]}: GIFT\n".encode() in text
        assert f"// {content.stem.split(chr(10))[0]}\n".encode() in text


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_bank_gives_the_same_bytes(name: str) -> None:
    content = ItemContent(interaction=Interaction.JUDGEMENT, stem="验电前先检查验电器。", key=(TRUE,))
    bank = [ItemDraft(content=content, row=1)]
    assert FORMATS[name].write(bank) == FORMATS[name].write(bank)


@pytest.mark.parametrize("interaction", Interaction)
def test_settling_what_is_stored_changes_nothing(interaction: Interaction) -> None:
    """The editor's lines and a table's columns come back as the same item, whatever the interaction."""
    kind, content = KINDS[interaction], item_content(interaction, 7)
    options, key = kind.settle(content.stem, content.options, content.key)
    settled = msgspec.structs.replace(content, options=options, key=key)
    columns = tuple(Option(letter, text) for letter, text in zip(LETTERS, kind.columns(settled), strict=False))
    assert kind.settle(content.stem, columns, kind.cell(settled)) == (options, key)
    if kind.lines:
        lines = tuple(Option(letter, text) for letter, text in zip(LETTERS, kind.typed(settled), strict=False))
        assert kind.settle(content.stem, lines, "") == (options, key)


def test_an_export_names_what_the_file_does_not_hold_of_an_item() -> None:
    photo, plain = (ItemDraft(content=item_content(kind, 1)) for kind in (Interaction.HOTSPOT, Interaction.CHOICE))
    told = {name: bool(each.leaves_out(photo.content)) for name, each in FORMATS.items()}
    assert told == {"xlsx": True, "json": False, "qti3": False, "qti22": False, "moodle": False, "gift": True}
    assert not any(each.leaves_out(plain.content) for each in FORMATS.values())


def test_a_workbook_names_a_missing_photo_in_a_column_that_the_import_passes_over() -> None:
    photo, plain = (ItemDraft(content=item_content(kind, 1)) for kind in (Interaction.HOTSPOT, Interaction.CHOICE))
    written = FORMATS["xlsx"].write([plain, photo])
    heads, first, second = read_workbook(written)[0].rows
    at = heads.index("未导出")
    assert ("".join(first[at:]), second[at]) == ("", FORMATS["xlsx"].leaves_out(photo.content))
    assert read_questions(written, "bank.xlsx").unsupported == {}
    assert "未导出" not in read_workbook(FORMATS["xlsx"].write([plain]))[0].rows[0]


@pytest.mark.parametrize("name", sorted({*FORMATS} - {"json"}))
def test_a_figure_in_the_name_of_a_hazard_is_told_to_be_left_out(name: str) -> None:
    formula = Figure(FigureKind.FORMULA, b"<math><mi>x</mi></math>")
    named = Option("A", f"{mark(FigureKind.FORMULA, 1)} @ circle 80,60,9")
    stored = ItemContent(
        interaction=Interaction.HOTSPOT, stem="指出", options=(named,), key=("A",), photo=scene(), figures=(formula,)
    )
    assert FORMATS[name].leaves_out(stored)
