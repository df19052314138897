"""A set of slides as the worker makes it of a PDF, and the sections of a lesson that come of it; pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from exam.training.lessons.content import LessonContent, Unit, least_s
from exam.training.lessons.errors import LessonTextError
from exam.training.lessons.film import FilmSlide
from exam.training.lessons.questions import MARKED, SECTION, Question, read_question, sections

LOOKING_S: Final = 30
"""The least time of a page without text that could be counted."""
PAGE: Final = re.compile(r"\d{1,3}")
TITLE_LENGTH: Final = 60


class Slide(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One page: the SHA-256 of its picture, and its text, which is what those hear who cannot see the picture."""

    digest: str
    text: str


class Slides(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """幻灯片: pages in order; `folder` is where the storage keeps their pictures."""

    folder: str
    pages: tuple[Slide, ...]

    def key(self, place: int) -> str:
        """Return the storage key of a page's picture."""
        return f"{self.folder}/{self.pages[place].digest}.jpg"

    @property
    def keys(self) -> tuple[str, ...]:
        """The storage keys of all pages' pictures."""
        return tuple(self.key(place) for place in range(len(self.pages)))


def slides_lesson(slides: Slides, questions: Mapping[int, Question]) -> LessonContent:
    """Return a lesson of one section for each page; `questions` by place."""
    return LessonContent(
        units=tuple(
            Unit(
                title=_title(page.text),
                paragraphs=tuple(line for line in page.text.splitlines() if line),
                least_s=max(least_s(len(page.text)), LOOKING_S),
                question=questions.get(place),
                picture=slides.key(place),
            )
            for place, page in enumerate(slides.pages)
        )
    )


def beside_film(slides: Slides, points: Iterable[tuple[int, int]]) -> tuple[FilmSlide, ...]:
    """Return the slides that stand beside a film; `points` as `read_syncs` reads them."""
    return tuple(
        FilmSlide(at_ms=at, page=place, picture=slides.key(place), text=slides.pages[place].text)
        for at, place in points
    )


def _title(text: str) -> str:
    return next((line[:TITLE_LENGTH] for line in text.splitlines() if line), "")


def read_page_questions(text: str, pages: int) -> dict[int, Question]:
    """Read typed questions: `# 3` names the page, then the question as in a text lesson.

    Raises LessonTextError with the line that cannot be read or names no page, or one twice.
    """
    found: dict[int, Question] = {}
    for lines in sections(text):
        page, question = lines[0].removeprefix(SECTION).strip(), read_question(lines[1:])
        unmarked = any(not line.startswith(MARKED) for line in lines[1:])
        place = int(page) - 1 if PAGE.fullmatch(page) else -1
        if question is None or unmarked or not 0 <= place < pages or place in found:
            raise LessonTextError(line=lines[0][:40])
        found[place] = question
    return found
