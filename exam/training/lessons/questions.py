"""Questions inside lessons, and how they are typed: `? ` asks, `+ ` is the right option, `- ` a wrong one; pure."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from exam.training.lessons.errors import LessonTextError

OPTIONS = (2, 6)
SECTION, ASK, RIGHT, WRONG = "# ", "? ", "+ ", "- "
MARKED = (ASK, RIGHT, WRONG)


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question on what was just shown; `right` is the index of the right option."""

    prompt: str
    options: tuple[str, ...]
    right: Annotated[int, msgspec.Meta(ge=0)]


def sections(text: str) -> list[list[str]]:
    """Return the lines of each section, its `# ` line first; raises LessonTextError for a line before the first one."""
    found: list[list[str]] = []
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith(SECTION):
            found.append([line])
        elif line:
            if not found:
                raise LessonTextError(line=line[:40])
            found[-1].append(line)
    return found


def read_question(lines: Sequence[str]) -> Question | None:
    """Return the question of a section's marked lines, None for none; raises LessonTextError."""
    if not lines:
        return None
    options = [line for line in lines if not line.startswith(ASK)]
    right = [place for place, line in enumerate(options) if line.startswith(RIGHT)]
    whole = lines[0].startswith(ASK) and len(lines) == len(options) + 1
    if not whole or len(right) != 1 or not OPTIONS[0] <= len(options) <= OPTIONS[1]:
        raise LessonTextError(line=lines[0][:40])
    return Question(lines[0].removeprefix(ASK).strip(), tuple(line[2:].strip() for line in options), right[0])
