"""The telephone at which somebody who works at an enterprise is reached in an emergency; the enterprise keeps it."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import get_engagement, list_contacts, list_people, set_contact
from exam.records.enterprise_pages import HOME, ROLE
from exam.records.schemas import ContactForm
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done

PAGE = "records/contact.html"


class ContactController(Controller):
    """One engagement of the enterprise."""

    path = f"{HOME}/engagements/{{engagement_id:uuid}}/contact"
    opt = allow(ROLE)

    @get()
    async def show(
        self, session: NamedDependency[AsyncSession], runtime: NamedDependency[Runtime], engagement_id: FromPath[UUID]
    ) -> Template:
        return Template(PAGE, context=await _page(session, runtime, engagement_id))

    @post(status_code=200)
    async def change(
        self,
        request: Request[Principal, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        engagement_id: FromPath[UUID],
        data: URLEncodedBody[ContactForm],
    ) -> Response[Any]:
        at = runtime.clock.now()
        try:
            await set_contact(session, runtime.sealer, principal, engagement_id, data.contact, at=at)
        except DomainError as error:
            page = await _page(session, runtime, engagement_id)
            return form_again(request, error, PAGE, {**page, "typed": data.contact})
        return done(HOME, "应急联系电话已保存。")


async def _page(session: AsyncSession, runtime: Runtime, engagement_id: UUID) -> dict[str, Any]:
    engagement = await get_engagement(session, engagement_id)
    today = local_date(runtime.clock.now())
    contacts = await list_contacts(session, runtime.sealer, engagement.organisation_id, on=today)
    people = await list_people(session, [engagement.person_id])
    return {
        "engagement": engagement,
        "person": people.get(engagement.person_id),
        "typed": contacts.get(engagement.id, ""),
        "problem": None,
    }
