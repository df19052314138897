"""The person's own record at home: results told and what has happened to certificates."""

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.records.entries import list_person_entries
from exam.records.names import title_of
from exam.web.paging import Page
from exam.web.policy import allow_candidate


class PersonRecordController(Controller):
    """One page in the scope of the person."""

    path = "/me/record"
    opt = allow_candidate()

    @get()
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        page: FromQuery[Page] = 1,
    ) -> Template:
        if principal.person is None:
            raise NotFoundError
        entries, more = await list_person_entries(session, principal.person, page=page)
        context = {"entries": entries, "more": more, "page": page, "title_of": title_of}
        return Template("records/person_record.html", context=context)
