"""What a text lesson holds, and how it is typed: sections with a least reading time and a question; pure."""

from typing import Annotated

import msgspec

from exam.training.lessons.errors import LessonTextError

CHARACTERS_PER_S = 6
"""What a grown-up reads of Chinese print with attention; the least time of a section follows from its length."""
LEAST_S, STEP_S = 15, 15
MOST_SECTIONS, MOST_CHARACTERS = 100, 20_000
OPTIONS = (2, 6)
SECTION, ASK, RIGHT, WRONG = "# ", "? ", "+ ", "- "


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question on what was just read; `right` is the index of the right option."""

    prompt: str
    options: tuple[str, ...]
    right: Annotated[int, msgspec.Meta(ge=0)]


class Unit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One section; `least_s` is how long it must be open before the next one."""

    title: str
    paragraphs: tuple[str, ...]
    least_s: Annotated[int, msgspec.Meta(ge=1, le=7200)]
    question: Question | None = None


class LessonContent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """课件正文."""

    units: tuple[Unit, ...]

    @property
    def ends_ms(self) -> tuple[int, ...]:
        """The instants on the lesson's own time line at which its sections end."""
        ends, total = [], 0
        for unit in self.units:
            total += unit.least_s * 1000
            ends.append(total)
        return tuple(ends)

    @property
    def length_ms(self) -> int:
        return sum(unit.least_s for unit in self.units) * 1000


def unlocked(content: LessonContent, reach_ms: int) -> int:
    """Return how many sections may be read: those studied, and the one that follows."""
    done = sum(1 for end in content.ends_ms if end <= reach_ms)
    return min(done + 1, len(content.units))


def least_s(characters: int) -> int:
    """Return the least reading time of a text, in whole beats."""
    return max(LEAST_S, -(-characters // (CHARACTERS_PER_S * STEP_S)) * STEP_S)


def read_lesson(text: str) -> LessonContent:
    """Read a typed lesson: `# ` opens a section, `? ` a question, `+ ` its right option, `- ` a wrong one.

    Everything else is a paragraph. Raises LessonTextError with the line that cannot be read.
    """
    sections: list[list[str]] = []
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith(SECTION):
            sections.append([line])
        elif line:
            if not sections:
                raise LessonTextError(line=line[:40])
            sections[-1].append(line)
    if not 0 < len(sections) <= MOST_SECTIONS or len(text) > MOST_CHARACTERS:
        raise LessonTextError(line="")
    return LessonContent(units=tuple(_unit(lines) for lines in sections))


def _unit(lines: list[str]) -> Unit:
    marked = (ASK, RIGHT, WRONG)
    paragraphs = tuple(line for line in lines[1:] if not line.startswith(marked))
    if not paragraphs:
        raise LessonTextError(line=lines[0][:40])
    return Unit(
        title=lines[0].removeprefix(SECTION).strip(),
        paragraphs=paragraphs,
        least_s=least_s(sum(len(paragraph) for paragraph in paragraphs)),
        question=_question([line for line in lines if line.startswith(marked)]),
    )


def _question(lines: list[str]) -> Question | None:
    if not lines:
        return None
    options = [line for line in lines if not line.startswith(ASK)]
    right = [place for place, line in enumerate(options) if line.startswith(RIGHT)]
    whole = lines[0].startswith(ASK) and len(lines) == len(options) + 1
    if not whole or len(right) != 1 or not OPTIONS[0] <= len(options) <= OPTIONS[1]:
        raise LessonTextError(line=lines[0][:40])
    return Question(lines[0].removeprefix(ASK).strip(), tuple(line[2:].strip() for line in options), right[0])
