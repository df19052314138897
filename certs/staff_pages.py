"""Staff pages of credentials (证书管理), and the downloads of holder and centre."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from certs.act_pages import Stage
from certs.batches.printing import single_card
from certs.copies import credential_ofd
from certs.errors import CredentialNotFoundError
from certs.grounds import stated_grounds
from certs.jobs import RECONSIDER_ONE
from certs.lifecycle import (
    REGULATOR,
    TWO_PEOPLE,
    confirm,
    decline,
    find_open_proposal,
    list_open_proposals,
    propose,
    suspend,
)
from certs.numbers import parse_number
from certs.reviews import record_review
from certs.schemas import DecideForm, EmptyForm, NumberForm, ProposeForm, ReasonForm
from certs.state import CredentialState, Standing, allowed_acts
from certs.views import (
    EXPIRING,
    CredentialFilter,
    CredentialView,
    credential_pdf,
    find_by_number,
    get_credential,
    list_credentials,
    list_events,
    list_held,
)
from certs.withheld import get_withheld, list_withheld
from certs.wording import STANDING_WORDS
from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.errors import DomainError
from exam.core.jobs import defer
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import list_people
from exam.sitting.api import get_sitting, list_registrations
from exam.standards.api import get_qualification, list_qualifications, resolve_rule_set
from exam.web import problem
from exam.web.paging import Page
from exam.web.policy import allow, allow_candidate
from exam.web.request import done

PATH = "/centre/credentials"
PAGE = 50
STANDINGS = {
    Standing.VALID.value: STANDING_WORDS[Standing.VALID.value],
    EXPIRING: "90 日内到期",
    **{
        code: word
        for code, word in STANDING_WORDS.items()
        if code not in {Standing.VALID.value, Standing.NOT_YET.value}
    },
}
"""What the list can be narrowed to, with Chinese msgids."""
PDF, CARD, OFD = ".pdf", ".card.pdf", ".ofd"
_MEDIA = {PDF: "application/pdf", OFD: "application/ofd"}

AnyRequest = Request[Any, Any, Any]


def _uuid(name: str) -> UUID:
    try:
        return UUID(name.removesuffix(CARD).removesuffix(PDF).removesuffix(OFD))
    except ValueError:
        raise CredentialNotFoundError from None


async def _download(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    name: str,
) -> Response[bytes]:
    """Send the PDF or its OFD copy, which show the full number: each download is a logged act."""
    at, credential_id, kind = runtime.clock.now(), _uuid(name), OFD if name.endswith(OFD) else PDF
    read = credential_ofd if kind == OFD else credential_pdf
    content = await read(session, runtime, credential_id)
    view = await get_credential(session, credential_id, on=local_date(at))
    await record(session, principal, "credential.downloaded", ("credential", view.id), at=at, region=view.region)
    return _file(content, f"credential-{view.public_id[:8]}-v{view.version}", kind)


async def _download_card(
    session: AsyncSession, runtime: Runtime, principal: Principal, credential_id: UUID
) -> Response[bytes]:
    """Send both sides of the card for a card printer; a logged act like the certificate's own download."""
    at = runtime.clock.now()
    view = await get_credential(session, credential_id, on=local_date(at))
    content = await single_card(session, runtime, credential_id)
    facts: dict[str, Fact] = {"what": "card"}
    subject = ("credential", view.id)
    await record(session, principal, "credential.downloaded", subject, at=at, region=view.region, facts=facts)
    return _file(content, f"card-{view.public_id[:8]}-v{view.version}")


def _file(content: bytes, name: str, kind: str = PDF) -> Response[bytes]:
    headers = {"Content-Disposition": f'attachment; filename="{name}{kind}"'}
    return Response(content, media_type=_MEDIA[kind], headers=headers)


async def _names(session: AsyncSession, people: list[UUID]) -> dict[UUID, str]:
    known = await list_people(session, people)
    return {person_id: person.name for person_id, person in known.items()}


class HolderController(Controller):
    """The holder's own certificate."""

    @get("/me/credentials/{name:str}", opt=allow_candidate())
    async def download(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        name: FromPath[str],
    ) -> Response[bytes]:
        return await _download(session, runtime, principal, name)


class CredentialController(Controller):
    """List, one credential, and what may be done to it."""

    path = PATH
    opt = allow("centre", "regulator")

    @get()
    async def show_list(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        standing: FromQuery[str] = "",
        qualification: FromQuery[str] = "",
        page: FromQuery[Page] = 1,
    ) -> Template:
        wanted = CredentialFilter(
            standing=standing if standing in STANDINGS else "",
            qualification=qualification,
        )
        return await self._list(request, runtime, session, wanted, page=page)

    async def _list(
        self,
        request: AnyRequest,
        runtime: Runtime,
        session: AsyncSession,
        wanted: CredentialFilter,
        *,
        page: int = 1,
        error: DomainError | None = None,
    ) -> Template:
        on = local_date(runtime.clock.now())
        rows = await list_credentials(session, wanted, on=on, limit=PAGE + 1, offset=(page - 1) * PAGE)
        withheld = await list_withheld(session)
        people = await _names(session, [*(row.person_id for row in rows), *(each.person_id for each in withheld)])
        described = problem.problem_of(error, request.app.state.catalogue) if error else None
        context = {
            "rows": rows[:PAGE],
            "more": len(rows) > PAGE,
            "page": page,
            "wanted": wanted,
            "choices": list(STANDINGS.items()),
            "qualifications": [(each.code, each.title) for each in list_qualifications()],
            "may_act": request.user.has_role(REGULATOR),
            "title_of": lambda code: get_qualification(code).title,
            "withheld": withheld,
            "proposals": await _proposals(session, on),
            "people": people,
            "problem": described,
        }
        return Template("certs/credentials.html", context=context, status_code=described.status if described else 200)

    @post("/find", status_code=200)
    async def find(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        data: URLEncodedBody[NumberForm],
    ) -> Redirect | Template:
        try:
            found = await find_by_number(session, runtime.sealer, parse_number(data.number))
            if found is None:
                raise CredentialNotFoundError
        except DomainError as error:
            return await self._list(request, runtime, session, CredentialFilter(), error=error)
        return Redirect(f"{PATH}/{found}", status_code=303)

    @get("/{name:str}")
    async def show_one(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        name: FromPath[str],
    ) -> Template | Response[bytes]:
        if name.endswith(CARD):
            return await _download_card(session, runtime, principal, _uuid(name))
        if name.endswith((PDF, OFD)):
            return await _download(session, runtime, principal, name)
        return await _detail(request, runtime, session, _uuid(name))

    @post("/{credential_id:uuid}/suspend", opt=allow(REGULATOR), status_code=200)
    async def suspend_one(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        credential_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Redirect | Template:
        at = runtime.clock.now()

        async def act() -> None:
            await suspend(session, principal, credential_id, reason=data.reason, at=at)

        return await _stage(request, runtime, session, credential_id).do(act, "证书已暂停。")

    @post("/{credential_id:uuid}/propose", opt=allow(REGULATOR), status_code=200)
    async def propose_one(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        credential_id: FromPath[UUID],
        data: URLEncodedBody[ProposeForm],
    ) -> Redirect | Template:
        at = runtime.clock.now()

        async def act() -> None:
            await propose(session, principal, credential_id, data.ground, reason=data.reason, at=at)

        return await _stage(request, runtime, session, credential_id).do(act, "提议已提交,等待另一人确认。")

    @post("/{credential_id:uuid}/review", opt=allow(REGULATOR), status_code=200)
    async def review_one(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        credential_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # the form holds the CSRF value alone
    ) -> Redirect | Template:
        at = runtime.clock.now()

        async def act() -> None:
            await record_review(session, principal, credential_id, at=at)

        return await _stage(request, runtime, session, credential_id).do(act, "复审已登记。")

    @post("/{credential_id:uuid}/decide", opt=allow(REGULATOR), status_code=200)
    async def decide_one(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        credential_id: FromPath[UUID],
        data: URLEncodedBody[DecideForm],
    ) -> Redirect | Template:
        at = runtime.clock.now()

        async def act() -> None:
            verb = confirm if data.confirmed else decline
            await verb(session, principal, data.proposal_id, at=at)

        message = "已确认,证书状态已更新。" if data.confirmed else "提议已退回。"
        return await _stage(request, runtime, session, credential_id).do(act, message)

    @post("/withheld/{withheld_id:uuid}/reconsider", opt=allow(REGULATOR), status_code=200)
    async def reconsider(
        self,
        session: NamedDependency[AsyncSession],
        withheld_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # the form holds the CSRF value alone
    ) -> Redirect:
        waiting = await get_withheld(session, withheld_id)
        await defer(session, RECONSIDER_ONE, registration_id=str(waiting.registration_id))
        return done(PATH, "已重新核查,结果稍后显示。")


def _stage(request: AnyRequest, runtime: Runtime, session: AsyncSession, credential_id: UUID) -> Stage:
    return Stage(request, runtime, session, credential_id, path=PATH, detail=_detail)


async def _proposals(session: AsyncSession, on: Any) -> list[tuple[Any, CredentialView]]:
    found = await list_open_proposals(session)
    return [(each, await get_credential(session, each.credential_id, on=on)) for each in found]


async def _detail(
    request: AnyRequest,
    runtime: Runtime,
    session: AsyncSession,
    credential_id: UUID,
    error: DomainError | None = None,
) -> Template:
    principal: Principal = request.user
    on = local_date(runtime.clock.now())
    view = await get_credential(session, credential_id, on=on)
    rules = resolve_rule_set(view.qualification, on)
    described = problem.problem_of(error, request.app.state.catalogue) if error else None
    context = {
        "credential": view,
        "person": (await _names(session, [view.person_id])).get(view.person_id, view.holder_masked),
        "events": await list_events(session, credential_id),
        "proposal": await find_open_proposal(session, credential_id),
        "acts": {act.value for act in allowed_acts(CredentialState(view.state))}
        if principal.has_role(REGULATOR)
        else set(),
        "grounds": {act.value: stated_grounds(rules, act) for act in TWO_PEOPLE},
        "me": principal.account,
        "may_act": principal.has_role(REGULATOR),
        "problem": described,
    }
    return Template("certs/credential.html", context=context, status_code=described.status if described else 200)


class SittingCredential(msgspec.Struct, frozen=True):
    """One credential of a sitting's candidates, for programs; the number stays masked."""

    credential_id: UUID
    registration_id: UUID
    status: str
    number_masked: str


@get("/api/centre/sittings/{sitting_id:uuid}/credentials", opt=allow("centre", "regulator"))
async def sitting_credentials(
    runtime: NamedDependency[Runtime],
    session: NamedDependency[AsyncSession],
    sitting_id: FromPath[UUID],
) -> list[SittingCredential]:
    """Return the credentials that the candidates of a sitting hold for its qualification."""
    on = local_date(runtime.clock.now())
    sitting = await get_sitting(session, sitting_id)
    seated = {row.person_id: row.id for row in await list_registrations(session, sitting_id)}
    held = await list_held(session, on=on, people=seated.keys(), qualification=sitting.qualification)
    return [SittingCredential(each.id, seated[each.person_id], each.status, each.number_masked) for each in held]
