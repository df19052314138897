"""考核大纲: the versions of every qualification, a new one from a workbook, and putting one in force."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, MultipartBody, QueryParameter, URLEncodedBody
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sheets.errors import EmptyFileError
from exam.core.sheets.writer import WORKBOOK
from exam.web.forms import Form
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done
from questionbank.blueprints.cells import in_subtree
from questionbank.formats.words import DEPTH_NAMES
from questionbank.items.content import Depth
from questionbank.pages import MAKERS, WORDS, AnyRequest, all_qualifications, bank_roles, title_of, writes_here
from questionbank.schemas import SyllabusForm
from questionbank.syllabus.nodes import Node, compare
from questionbank.syllabus.reading import RowProblem, SyllabusRowsError, read_syllabus, write_syllabus
from questionbank.syllabus.service import (
    SyllabusDraft,
    count_by_node,
    discard_syllabus,
    draft_syllabus,
    find_syllabus,
    get_syllabus,
    list_syllabuses,
    publish_syllabus,
)

LIST = "/bank/syllabuses"
ALL, ONE = "questionbank/syllabuses.html", "questionbank/syllabus.html"
EXAMPLE = (
    Node(code="1", parent=None, title="安全生产法律法规", depth=Depth.GRASP, hours=6, weight=40),
    Node(code="1.1", parent="1", title="从业人员的权利和义务", depth=Depth.KNOW, hours=2, weight=15),
    Node(code="1.2", parent="1", title="特种作业资格", depth=Depth.GRASP, hours=4, weight=25),
    Node(code="2", parent=None, title="安全技术", depth=Depth.MASTER, hours=12, weight=60),
)
Code = Annotated[str, QueryParameter(max_length=64)]


class SyllabusesController(Controller):
    """考核大纲."""

    path = LIST
    opt = allow(*MAKERS)

    @get()
    async def show(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
    ) -> Template:
        context = await _list_context(bank_session, runtime, principal, SyllabusForm())
        return Template(ALL, context={**context, "problem": None})

    @get("/template.xlsx")
    async def template(
        self, bank_session: NamedDependency[AsyncSession], qualification: FromQuery[Code] = ""
    ) -> Response[bytes]:
        """Give the syllabus in force as a workbook to be changed, or an example where there is none."""
        standing = await find_syllabus(bank_session, qualification)
        data = write_syllabus(standing.nodes if standing else EXAMPLE)
        headers = {"Content-Disposition": 'attachment; filename="syllabus.xlsx"'}
        return Response(data, media_type=WORKBOOK, headers=headers)

    @post(opt=allow("author", "publisher"), status_code=200)
    async def upload(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        data: MultipartBody[SyllabusForm],
    ) -> Response[Any]:
        """Keep a workbook as a draft, or tell every row that is wrong."""
        region, at = runtime.settings.root_region, runtime.clock.now()
        try:
            content = await data.file.read() if data.file else b""
            if not content:
                raise EmptyFileError
            draft = SyllabusDraft(
                qualification=data.qualification,
                version=data.version.strip(),
                title=data.title.strip(),
                nodes=await asyncio.to_thread(read_syllabus, content),
            )
            syllabus_id = await draft_syllabus(bank_session, principal, draft, region=region, at=at)
        except DomainError as error:
            rows = error.problems if isinstance(error, SyllabusRowsError) else ()
            context = await _list_context(bank_session, runtime, principal, data, rows)
            return form_again(request, error, ALL, context)
        return done(f"{LIST}/{syllabus_id}", "大纲草稿已保存,等待另一人发布。")

    @get("/{syllabus_id:uuid}")
    async def one(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        syllabus_id: FromPath[UUID],
    ) -> Template:
        """Show a version as a tree; a draft beside what is in force."""
        context = await _one_context(bank_session, runtime, principal, syllabus_id)
        return Template(ONE, context={**context, "problem": None})

    @post("/{syllabus_id:uuid}/publish", opt=allow("publisher"), status_code=200)
    async def publish(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        syllabus_id: FromPath[UUID],
        data: URLEncodedBody[Form],  # noqa: ARG002  # refuses unknown fields
    ) -> Response[Any]:
        refusal = await _decide(request, runtime, bank_session, syllabus_id, publish_syllabus)
        return refusal or done(f"{LIST}/{syllabus_id}", "大纲已发布,此后的命题与覆盖统计按它进行。")

    @post("/{syllabus_id:uuid}/discard", opt=allow("author", "publisher"), status_code=200)
    async def discard(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        syllabus_id: FromPath[UUID],
        data: URLEncodedBody[Form],  # noqa: ARG002  # refuses unknown fields
    ) -> Response[Any]:
        refusal = await _decide(request, runtime, bank_session, syllabus_id, discard_syllabus)
        return refusal or done(LIST, "草稿已作废。")


async def _decide(
    request: AnyRequest, runtime: Runtime, session: AsyncSession, syllabus_id: UUID, act: Callable[..., Awaitable[None]]
) -> Template | None:
    """Publish or discard a draft; where that is refused, return its page with the reason."""
    region, at = runtime.settings.root_region, runtime.clock.now()
    try:
        await act(session, request.user, syllabus_id, region=region, at=at)
    except DomainError as error:
        context = await _one_context(session, runtime, request.user, syllabus_id)
        return form_again(request, error, ONE, context)
    return None


async def _list_context(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    typed: SyllabusForm,
    rows: Sequence[RowProblem] = (),
) -> dict[str, Any]:
    may_write = writes_here(principal, runtime.settings.root_region)
    return {
        "lines": await list_syllabuses(session),
        "typed": typed,
        "rows": rows,
        "may_draft": may_write and bool(bank_roles(principal) & {"author", "publisher"}),
        "qualifications": all_qualifications(),
        "title_of": title_of,
    }


async def _one_context(
    session: AsyncSession, runtime: Runtime, principal: Principal, syllabus_id: UUID
) -> dict[str, Any]:
    row, nodes = await get_syllabus(session, syllabus_id)
    standing = await find_syllabus(session, row.qualification) if row.state == "draft" else None
    counts = await count_by_node(session, row.qualification)
    roles = bank_roles(principal) if writes_here(principal, runtime.settings.root_region) else frozenset()
    return {
        **WORDS,
        "row": row,
        "title": title_of(row.qualification),
        "standing": standing,
        "compared": compare(standing.nodes if standing else nodes, nodes),
        "items": {
            node.code: sum(count for code, count in counts.items() if in_subtree(code, node.code))
            for node in (*nodes, *(standing.nodes if standing else ()))
        },
        "depths": DEPTH_NAMES,
        "hours": sum(node.hours for node in nodes if node.parent is None),
        "may_publish": row.state == "draft" and "publisher" in roles and row.drafted_by != principal.account,
        "may_discard": row.state == "draft" and bool(roles & {"author", "publisher"}),
        "own": row.drafted_by == principal.account,
    }
