"""Files that stand in the text of items."""

import io
import wave
from functools import cache

import numpy as np
from msgspec.structs import replace
from PIL import Image

from questionbank.interactions.figures import fit_figure, mark, settle_figures
from questionbank.items.content import Figure, FigureKind, Interaction, ItemDraft, Option


def picture_file(colour: str, kind: str = "PNG", size: tuple[int, int] = (60, 40)) -> bytes:
    """Return a picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def sound_file(seconds: int, rate: int = 8000) -> bytes:
    """Return a WAV file with a tone of 440 Hz."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        tone = np.sin(np.arange(seconds * rate) * 2 * np.pi * 440 / rate)
        sound.writeframes((8000 * tone).astype("<i2").tobytes())
    return out.getvalue()


@cache
def some_figures() -> tuple[Figure, ...]:
    """Return a picture, a recording of one second and a formula."""
    formula = b"<math><mi>R</mi><mo>=</mo><mfrac><mi>U</mi><mi>I</mi></mfrac></math>"
    return (
        fit_figure(FigureKind.IMAGE, picture_file("red"), "红色标志"),
        fit_figure(FigureKind.AUDIO, sound_file(1), "警报声"),
        fit_figure(FigureKind.FORMULA, formula),
    )


def figured_draft(draft: ItemDraft) -> ItemDraft:
    """Return a choice or an order with a recording in its stem, a picture as its option A and a formula in its explanation."""
    content = draft.content
    if content.interaction not in {Interaction.CHOICE, Interaction.ORDER}:
        return draft
    picture, sound, formula = (mark(each.kind, at) for at, each in enumerate(some_figures(), 1))
    texts = [content.stem + sound, picture, content.explanation + formula]
    (stem, first, explanation), figures = settle_figures(texts, some_figures())
    options = (Option("A", first), *content.options[1:])
    changed = replace(content, stem=stem, options=options, explanation=explanation, figures=figures)
    return replace(draft, content=changed)
