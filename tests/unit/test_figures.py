"""Figures of an item: marks in texts, one stored form, and files that are made plain."""

import io

import av
import pytest
from PIL import Image

from questionbank.formats.drafting import build_draft
from questionbank.formats.reading import Enclosed, Proposal
from questionbank.formats.refusals import RowError
from questionbank.interactions.figures import MOST_FIGURES, fit_figure, mark, settle_figures, split_marks
from questionbank.interactions.photo import MOST_BYTES
from questionbank.interactions.recording import LONGEST_S
from questionbank.items.content import Figure, FigureKind, Option
from tests.builders.figures import picture_file, sound_file


def image(colour: str) -> Enclosed:
    return Enclosed(FigureKind.IMAGE, picture_file(colour), colour)


def test_text_splits_at_its_marks_and_nowhere_else() -> None:
    assert list(split_marks("〔图1〕的含义是〔音12〕〔表1〕〔图0〕")) == [1, "的含义是", 12, "〔表1〕〔图0〕"]


def test_rows_figures_are_counted_anew_kept_once_and_never_lost() -> None:
    red, blue = (fit_figure(each.kind, each.data, each.text) for each in (image("red"), image("blue")))
    texts, kept = settle_figures(["看〔图1〕", "〔图3〕", "〔图1〕"], [red, blue, red])
    assert set(kept) == {red, blue}
    (marked,) = (mark(FigureKind.IMAGE, at) for at, each in enumerate(kept, 1) if each == red)
    (other,) = (mark(FigureKind.IMAGE, at) for at, each in enumerate(kept, 1) if each == blue)
    assert texts == [f"看{marked}\n{other}", marked, marked]
    assert settle_figures(texts, kept) == (texts, kept)


def test_mark_without_its_figure_and_too_many_figures_are_refused() -> None:
    with pytest.raises(RowError) as missing:
        settle_figures(["看〔图2〕"], [Figure(FigureKind.IMAGE, b"1")])
    assert (missing.value.code, missing.value.fields) == ("figure_missing", {"number": 2})
    many = [Figure(FigureKind.IMAGE, bytes([number])) for number in range(MOST_FIGURES + 1)]
    with pytest.raises(RowError, match="figure_count"):
        settle_figures(["看"], many)


def test_row_with_pictures_for_options_becomes_an_item() -> None:
    proposal = Proposal(
        row=1,
        stem="哪一个是禁止标志〔音3〕",
        options=(Option("A", "〔图1〕"), Option("B", "〔图2〕")),
        key="B",
        enclosed=(image("red"), image("blue"), Enclosed(FigureKind.AUDIO, sound_file(1))),
    )
    content = build_draft(proposal).content
    assert content.figures
    words = {mark(each.kind, number): each.text for number, each in enumerate(content.figures, 1)}
    assert {option.id: words[option.text] for option in content.options} == {"A": "red", "B": "blue"}


def test_recording_becomes_plain_and_passes_unchanged_afterwards() -> None:
    kept = fit_figure(FigureKind.AUDIO, sound_file(2)).data
    assert fit_figure(FigureKind.AUDIO, kept).data == kept
    with av.open(io.BytesIO(kept), "r") as container:
        assert [stream.codec_context.name for stream in container.streams] == ["aac"]
        assert container.duration == pytest.approx(2_000_000, rel=0.05)


def test_recording_that_is_long_or_none_is_refused() -> None:
    for data, code in ((sound_file(LONGEST_S + 1), "recording_long"), (b"RIFF....", "recording_unreadable")):
        with pytest.raises(RowError) as refused:
            fit_figure(FigureKind.AUDIO, data)
        assert refused.value.code == code


def test_picture_smaller_than_a_photo_is_kept_and_a_script_is_not() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (24, 20), (0, 0, 0, 0)).save(out, "PNG")
    kept = fit_figure(FigureKind.IMAGE, out.getvalue(), "空白")
    assert (kept.width, kept.height, kept.text) == (24, 20, "空白")
    assert fit_figure(FigureKind.IMAGE, kept.data, "空白") == kept
    with pytest.raises(RowError, match="figure_unreadable"):
        fit_figure(FigureKind.IMAGE, b"<svg onload='x'/>")


def test_formula_keeps_mathematics_alone() -> None:
    dirty = b'<math onclick="x()"><mfrac><mi>U</mi><mi>R</mi></mfrac><mtext><img src=x onerror=y></mtext></math>'
    kept = fit_figure(FigureKind.FORMULA, dirty).data
    assert kept == b"<math><mfrac><mi>U</mi><mi>R</mi></mfrac><mtext></mtext></math>"
    assert fit_figure(FigureKind.FORMULA, kept).data == kept
    with pytest.raises(RowError, match="formula_unreadable"):
        fit_figure(FigureKind.FORMULA, b"<p>U = R I</p>")


def test_picture_full_of_small_detail_is_made_smaller_until_it_is_small_enough() -> None:
    out = io.BytesIO()
    Image.effect_noise((900, 700), 120).convert("RGB").save(out, "JPEG", quality=90)
    kept = fit_figure(FigureKind.IMAGE, out.getvalue())
    assert (kept.width, len(kept.data) <= MOST_BYTES) == (640, True)
    assert fit_figure(FigureKind.IMAGE, kept.data) == kept
