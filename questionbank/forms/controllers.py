"""场次试卷: sittings that were sat, and a copy of one of their forms."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.web.policy import allow
from exam.web.problem import form_again
from questionbank.forms.printing import PRINTERS, PaperFile
from questionbank.forms.released import list_sat_forms, print_sat_form
from questionbank.pages import WORDS, AnyRequest, title_of
from questionbank.schemas import SatPaperForm

TEMPLATE = "questionbank/sat_forms.html"


class SatFormsController(Controller):
    """场次试卷."""

    path = "/bank/forms"
    opt = allow(*PRINTERS)

    @get()
    async def show(self, runtime: NamedDependency[Runtime], bank_session: NamedDependency[AsyncSession]) -> Template:
        return Template(TEMPLATE, context={**await _context(bank_session, runtime), "problem": None})

    @post("/{sitting_id:uuid}/paper", status_code=200)
    async def paper(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        sitting_id: FromPath[UUID],
        data: URLEncodedBody[SatPaperForm],
    ) -> Response[Any]:
        """Return a numbered copy of one form with its key."""
        try:
            copy = await print_sat_form(
                bank_session, runtime, principal, sitting_id, int(data.place), reason=data.reason, kind=data.kind
            )
        except DomainError as error:
            return form_again(request, error, TEMPLATE, await _context(bank_session, runtime))
        return file_of(copy)


def file_of(copy: PaperFile) -> Response[Any]:
    """Return a copy as a file that nobody keeps on the way."""
    name = f"form-{copy.number}{copy.suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(copy.data, media_type=copy.media_type, headers=headers)


async def _context(session: AsyncSession, runtime: Runtime) -> dict[str, Any]:
    found = await list_sat_forms(session, at=runtime.clock.now())
    return {**WORDS, "sittings": found, "title_of": title_of}
