"""The page of a file that is brought in: each line with its verdict, first as a dry run, then as it was written."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from litestar.response import Template

from exam.core.errors import DomainError
from exam.web.i18n import Catalogue
from exam.web.problem import Problem, problem_of


class Judged(Protocol):
    """A verdict on one line; `refused` says why it is none that may be written."""

    @property
    def refused(self) -> DomainError | None: ...


V = TypeVar("V", bound=Judged)


def told(verdicts: Sequence[V], catalogue: Catalogue) -> list[tuple[V, Problem | None]]:
    """Return verdicts with what is wrong with each in the reader's words."""
    return [(each, problem_of(each.refused, catalogue) if each.refused else None) for each in verdicts]


def judged_page(
    template: str,
    verdicts: Sequence[tuple[Judged, Problem | None]] = (),
    *,
    most: int,
    file: str = "",
    written: bool = False,
    problem: Problem | None = None,
    more: dict[str, object] | None = None,
) -> Template:
    """Return the page: `file` waits to be confirmed, `most` is how many lines one may have, `more` is the package's own."""
    context = {
        "verdicts": verdicts,
        "accepted": sum(refused is None for _, refused in verdicts),
        "refused": sum(refused is not None for _, refused in verdicts),
        "file": file,
        "written": written,
        "problem": problem,
        "most": most,
        **(more or {}),
    }
    return Template(template, context=context, status_code=problem.status if problem else 200)
