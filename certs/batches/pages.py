"""Pages of batches: choose, watch, stop and let go on, take away."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Stream, Template
from sqlalchemy.ext.asyncio import AsyncSession

from certs.act_pages import Stage
from certs.batches.choosing import Choice, Paper, read_choice
from certs.batches.errors import BatchNotFoundError
from certs.batches.packing import PICKUP_COLUMNS, list_packed, pickup_workbook, stream_archive
from certs.batches.service import (
    MOST,
    STALLED,
    BatchState,
    BatchView,
    ask_batch,
    cancel_batch,
    get_batch,
    get_ready_batch,
    list_batches,
    list_failed,
    list_volumes,
    note_download,
    resume_batch,
)
from certs.schemas import BatchForm, EmptyForm
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sheets.writer import WORKBOOK
from exam.identity.api import names_of_accounts
from exam.sitting.api import list_sittings
from exam.standards.api import get_qualification, list_qualifications
from exam.training.api import list_classes
from exam.web import problem
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done

PATH = "/centre/credentials/batches"
NEW, SHOW, LIST = "certs/batch_new.html", "certs/batch.html", "certs/batches.html"
PAGE, OFFERED = 50, 100
PAPERS = ((Paper.A4.value, "A4 证书"), (Paper.CARD.value, "卡片(A4 拼版,每张 8 枚,双面)"))
"""Print formats with Chinese msgids."""
AnyRequest = Request[Principal, Any, Any]


class BatchController(Controller):
    """Certificates by the thousand, within the region of whoever asks."""

    path = PATH
    opt = allow("centre", "regulator")

    @get()
    async def show_list(self, session: NamedDependency[AsyncSession], page: FromQuery[Page] = 1) -> Template:
        rows = await list_batches(session, limit=PAGE + 1, offset=(page - 1) * PAGE)
        context = {
            "rows": list(
                zip(rows[:PAGE], await _in_words(session, [each.choice for each in rows[:PAGE]]), strict=True)
            ),
            "more": len(rows) > PAGE,
            "page": page,
            "names": await names_of_accounts(session, [each.asked_by for each in rows if each.asked_by]),
        }
        return Template(LIST, context=context)

    @get("/new")
    async def new(self, session: NamedDependency[AsyncSession]) -> Template:
        return Template(NEW, context={**await _offered(session), "problem": None, "typed": BatchForm()})

    @post(status_code=200)
    async def ask(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        data: URLEncodedBody[BatchForm],
    ) -> Redirect | Template:
        try:
            choice = read_choice(
                sitting=data.sitting,
                training_class=data.training_class,
                uscc=data.uscc,
                qualification=data.qualification,
                issued_from=data.issued_from,
                issued_until=data.issued_until,
            )
            asked = await ask_batch(session, principal, choice, data.paper, at=runtime.clock.now())
        except DomainError as error:
            return form_again(request, error, NEW, {**await _offered(session), "typed": data})
        return done(f"{PATH}/{asked}", "批次已建立,正在制作。")

    @get("/{batch_id:uuid}")
    async def show(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        batch_id: FromPath[UUID],
    ) -> Template:
        if not request.headers.get("hx-request"):
            return await _detail(request, runtime, session, batch_id)
        one = await get_batch(session, batch_id)
        over = {} if one.state is BatchState.MAKING else {"HX-Refresh": "true"}
        return Template("certs/_batch_progress.html", context=_progress(runtime, one), headers=over)

    @post("/{batch_id:uuid}/cancel", status_code=200)
    async def cancel(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        batch_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # the form holds the CSRF value alone
    ) -> Redirect | Template:
        async def act() -> None:
            await cancel_batch(session, principal, batch_id, at=runtime.clock.now())

        return await _stage(request, runtime, session, batch_id).do(act, "批次已取消,做好的部分保留。")

    @post("/{batch_id:uuid}/resume", status_code=200)
    async def resume(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        batch_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # the form holds the CSRF value alone
    ) -> Redirect | Template:
        async def act() -> None:
            await resume_batch(session, principal, batch_id, at=runtime.clock.now())

        return await _stage(request, runtime, session, batch_id).do(act, "批次继续制作。")

    @get("/{batch_id:uuid}/files.zip")
    async def files(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        batch_id: FromPath[UUID],
    ) -> Stream:
        one = await get_ready_batch(session, batch_id)
        packed = await list_packed(session, batch_id)
        await note_download(session, principal, one, "files", runtime.clock.now())
        headers = _attachment(f"certificates-{batch_id.hex[-8:]}.zip")
        return Stream(stream_archive(runtime.storage, packed), media_type="application/zip", headers=headers)

    @get("/{batch_id:uuid}/pickup.xlsx")
    async def pickup(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        batch_id: FromPath[UUID],
    ) -> Response[bytes]:
        one = await get_ready_batch(session, batch_id)
        say = request.app.state.catalogue.gettext
        words = (say("有效", "certs"), say("已失效,不发放", "certs"))
        columns = [say(each, "certs") for each in PICKUP_COLUMNS]
        packed = await list_packed(session, batch_id)
        titles = {each.code: say(each.title, "standards") for each in list_qualifications()}
        content = pickup_workbook(packed, columns=columns, words=words, titles=titles)
        await note_download(session, principal, one, "pickup", runtime.clock.now())
        return Response(content, media_type=WORKBOOK, headers=_attachment(f"pickup-{batch_id.hex[-8:]}.xlsx"))

    @get("/{batch_id:uuid}/print/{number:int}")
    async def printed(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        batch_id: FromPath[UUID],
        number: FromPath[int],
    ) -> Response[bytes]:
        one = await get_ready_batch(session, batch_id)
        volumes = await list_volumes(session, batch_id)
        if not 0 < number <= len(volumes):
            raise BatchNotFoundError
        content = await runtime.storage.get(volumes[number - 1].key)
        await note_download(session, principal, one, f"print {number}", runtime.clock.now())
        headers = _attachment(f"print-{batch_id.hex[-8:]}-{number:03d}.pdf")
        return Response(content, media_type="application/pdf", headers=headers)


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}


def _stage(request: AnyRequest, runtime: Runtime, session: AsyncSession, batch_id: UUID) -> Stage:
    return Stage(request, runtime, session, batch_id, path=PATH, detail=_detail)


def _progress(runtime: Runtime, one: BatchView) -> dict[str, Any]:
    stalled = one.state is BatchState.MAKING and runtime.clock.now() - one.moved_at >= STALLED
    return {"one": one, "link": f"{PATH}/{one.id}", "stalled": stalled}


async def _detail(
    request: AnyRequest, runtime: Runtime, session: AsyncSession, batch_id: UUID, error: DomainError | None = None
) -> Template:
    one = await get_batch(session, batch_id)
    described = problem.problem_of(error, request.app.state.catalogue) if error else None
    packed = await list_packed(session, batch_id) if one.state is BatchState.READY else []
    context = {
        **_progress(runtime, one),
        "words": (await _in_words(session, [one.choice]))[0],
        "paper": dict(PAPERS)[one.paper.value],
        "volumes": await list_volumes(session, batch_id),
        "failed": await list_failed(session, batch_id, limit=PAGE),
        "gone": sum(not each.current for each in packed),
        "asked_by": next(
            iter((await names_of_accounts(session, [one.asked_by] if one.asked_by else [])).values()), "—"
        ),
        "problem": described,
    }
    return Template(SHOW, context=context, status_code=described.status if described else 200)


async def _offered(session: AsyncSession) -> dict[str, Any]:
    """Return what a form offers to choose from."""
    sittings = await list_sittings(session, limit=OFFERED)
    classes = await list_classes(session, limit=OFFERED)
    return {
        "sittings": sittings,
        "classes": [(each.id, f"{each.title} {each.starts_on.isoformat()}") for each in classes],
        "qualifications": [(each.code, each.title) for each in list_qualifications()],
        "papers": PAPERS,
        "most": MOST,
    }


async def _in_words(session: AsyncSession, choices: Sequence[Choice]) -> list[dict[str, str]]:
    """Return what was chosen, by the name of its condition: titles as msgids, days as they are written."""
    sittings = {each.sitting for each in choices if each.sitting}
    classes = {each.training_class for each in choices if each.training_class}
    titles = {each.id: each.title for each in await list_sittings(session, ids=sittings, limit=PAGE)}
    titles |= {each.id: each.title for each in await list_classes(session, ids=classes, limit=PAGE)}
    return [_words(each, titles) for each in choices]


def _words(choice: Choice, titles: dict[UUID, str]) -> dict[str, str]:
    words: dict[str, str] = {}
    if choice.sitting is not None:
        words["sitting"] = titles.get(choice.sitting, "—")
    if choice.training_class is not None:
        words["training_class"] = titles.get(choice.training_class, "—")
    if choice.uscc:
        words["uscc"] = choice.uscc
    if choice.qualification:
        words["qualification"] = get_qualification(choice.qualification).title
    if choice.issued_from or choice.issued_until:
        words["issued"] = " — ".join(str(each or "") for each in (choice.issued_from, choice.issued_until))
    return words
