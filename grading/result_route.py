"""The result at the terminal: shown under the lease of the attempt, and only once it has been told."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.delivery.api import require_lease
from exam.web.i18n import Catalogue
from exam.web.policy import BY_KEY
from grading.views import find_released_result
from grading.words import outcome_text


class TerminalResult(msgspec.Struct, omit_defaults=True):
    """The terminal's contract; marks are hundredths."""

    released: bool = msgspec.field()
    marks: int | None = None
    pass_marks: int | None = None
    outcome: str | None = None
    text: str | None = None


@get("/api/attempts/{attempt_id:uuid}/result", opt=BY_KEY)
async def show_terminal_result(
    request: Request[Any, Any, Any],
    runtime: NamedDependency[Runtime],
    attempt_id: FromPath[UUID],
) -> TerminalResult:
    """Answer the terminal that holds the attempt's lease; the lease is the scope."""
    require_lease(request.scope, runtime, attempt_id)
    async with runtime.databases.session(Scope(region=runtime.settings.root_region)) as session:
        result = await find_released_result(session, attempt_id)
    if result is None:
        return TerminalResult(released=False)
    catalogue: Catalogue = request.app.state.catalogue
    return TerminalResult(
        released=True,
        marks=result.marks,
        pass_marks=result.pass_marks,
        outcome=result.outcome,
        text=catalogue.gettext(outcome_text(result)),
    )
