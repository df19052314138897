"""What a lesson holds: typed sections with a least reading time and a question, a film, a quiz or a package; pure."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from exam.training.lessons.errors import FigureError, LessonTextError
from exam.training.lessons.film import Film
from exam.training.lessons.package import PackageLesson, Wanted
from exam.training.lessons.questions import MARKED, SECTION, Question, read_question, sections
from exam.web.forms import whole_number

CHARACTERS_PER_S = 6
"""What a grown-up reads of Chinese print with attention; the least time of a section follows from its length."""
LEAST_S, STEP_S = 15, 15
MOST_SECTIONS, MOST_CHARACTERS = 100, 20_000
FIGURE = "! "


class Figure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """插图: page `page` of a set of slides, shown behind the first `after` paragraphs of its section.

    `picture` is the page's storage key; the caption is also what those hear who cannot see it.
    """

    after: Annotated[int, msgspec.Meta(ge=0)]
    page: Annotated[int, msgspec.Meta(ge=0)]
    picture: str
    caption: str


class Unit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One section; `least_s` is how long it must be open before the next one.

    `picture` is the storage key of a slide's picture, whose text the paragraphs are.
    """

    title: str
    paragraphs: tuple[str, ...]
    least_s: Annotated[int, msgspec.Meta(ge=1, le=7200)]
    question: Question | None = None
    picture: str | msgspec.UnsetType = msgspec.UNSET
    figures: tuple[Figure, ...] | msgspec.UnsetType = msgspec.UNSET


class Quiz(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """测验: items of a node that are open for practice, passed with so many percent right; `least_s` of study count."""

    items: Annotated[int, msgspec.Meta(ge=3, le=50)]
    needed_percent: Annotated[int, msgspec.Meta(ge=1, le=100)]
    least_s: Annotated[int, msgspec.Meta(ge=60, le=7200)]


class LessonContent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """课件正文: sections, a film, a quiz or a package; a film's time line is its own, quiz and package are one section."""

    units: tuple[Unit, ...] = ()
    film: Film | None = None
    quiz: Quiz | None = None
    package: PackageLesson | None = None

    @property
    def kind(self) -> str:
        """What the lesson is made of: text, slides, film, quiz or package."""
        if self.film is not None:
            return "film"
        if self.quiz is not None:
            return "quiz"
        if self.package is not None:
            return "package"
        return "slides" if self.units[0].picture else "text"

    @property
    def must_pass(self) -> bool:
        """Whether studying it for its time is not all."""
        return self.quiz is not None or (self.package is not None and self.package.wanted is not Wanted.TIME)

    @property
    def sections_s(self) -> tuple[int, ...]:
        """How long each section must be open at least."""
        whole = self.quiz or self.package
        return (whole.least_s,) if whole else tuple(unit.least_s for unit in self.units)

    @property
    def ends_ms(self) -> tuple[int, ...]:
        """The instants on the lesson's own time line at which its sections end; a film has none."""
        ends, total = [], 0
        for least in self.sections_s:
            total += least * 1000
            ends.append(total)
        return tuple(ends)

    @property
    def length_ms(self) -> int:
        return self.film.length_ms if self.film else sum(self.sections_s) * 1000


def unlocked(content: LessonContent, reach_ms: int) -> int:
    """Return how many sections may be read: those studied, and the one that follows."""
    done = sum(1 for end in content.ends_ms if end <= reach_ms)
    return min(done + 1, len(content.units))


def least_s(characters: int) -> int:
    """Return the least reading time of a text, in whole beats."""
    return max(LEAST_S, -(-characters // (CHARACTERS_PER_S * STEP_S)) * STEP_S)


def read_lesson(text: str, pages: Sequence[str] = ()) -> LessonContent:
    """Read a typed lesson: `# ` opens a section, `! 3 caption` shows a page, the marks of `questions` a question.

    All else is a paragraph; `pages` are the storage keys of the pages that figures may show.
    Raises LessonTextError and FigureError with the line that cannot be read.
    """
    found = sections(text)
    if not 0 < len(found) <= MOST_SECTIONS or len(text) > MOST_CHARACTERS:
        raise LessonTextError(line="")
    return LessonContent(units=tuple(_unit(lines, pages) for lines in found))


def _unit(lines: list[str], pages: Sequence[str]) -> Unit:
    paragraphs: list[str] = []
    figures: list[Figure] = []
    for line in lines[1:]:
        if line.startswith(FIGURE):
            figures.append(_figure(line, len(paragraphs), pages))
        elif not line.startswith(MARKED):
            paragraphs.append(line)
    if not paragraphs:
        raise LessonTextError(line=lines[0][:40])
    read = [*paragraphs, *(figure.caption for figure in figures)]
    return Unit(
        title=lines[0].removeprefix(SECTION).strip(),
        paragraphs=tuple(paragraphs),
        least_s=least_s(sum(len(words) for words in read)),
        question=read_question([line for line in lines if line.startswith(MARKED)]),
        figures=tuple(figures) or msgspec.UNSET,
    )


def _figure(line: str, after: int, pages: Sequence[str]) -> Figure:
    page, _, caption = line.removeprefix(FIGURE).strip().partition(" ")
    place = whole_number(page) - 1
    if not 0 <= place < len(pages) or not caption.strip():
        raise FigureError(line=line[:40])
    return Figure(after=after, page=place, picture=pages[place], caption=caption.strip())
