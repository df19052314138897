"""Importing a file: upload, dry run, confirm; and the batch that it makes."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, MultipartBody, PathParameter, QueryParameter, URLEncodedBody
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sheets.errors import EmptyFileError
from exam.core.sheets.writer import WORKBOOK
from exam.web.i18n import Catalogue, fill
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done
from questionbank.formats.layouts import FIELD_NAMES
from questionbank.formats.reader import MAX_BYTES
from questionbank.formats.verdicts import Verdict
from questionbank.formats.write_tables import template_workbook
from questionbank.items.batches import (
    CheckedRow,
    check_upload,
    confirm_batch,
    get_batch,
    get_checked,
    list_batches,
    map_columns,
)
from questionbank.items.editing import key_words
from questionbank.items.finding import ItemFilter
from questionbank.items.listing import count_states
from questionbank.items.models import ImportBatch
from questionbank.items.progress import STAGE_WORDS, Told, find_progress, published
from questionbank.items.viewing import shown_options
from questionbank.pages import MAKERS, WORDS, AnyRequest, all_qualifications, bank_roles, title_of
from questionbank.schemas import ColumnsForm, ConfirmForm, UploadForm
from questionbank.syllabus.service import list_nodes

UPLOAD, BATCH = "questionbank/import.html", "questionbank/batch.html"
ROWS = 50
FORM_BYTES = 64 * 1024
"""What the upload's form has beside its file."""
Shown = Annotated[Verdict | None, QueryParameter()]


class UploadController(Controller):
    """导入试题: the first step."""

    path = "/bank/import"
    opt = allow("author")

    @get()
    async def show(
        self,
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        qualification: Annotated[str, QueryParameter(max_length=64)] = "",
    ) -> Template:
        context = await _upload_context(bank_session, principal, qualification)
        return Template(UPLOAD, context={**context, "problem": None})

    @get("/template.xlsx")
    async def template(
        self,
        bank_session: NamedDependency[AsyncSession],
        qualification: Annotated[str, QueryParameter(max_length=64)] = "",
    ) -> Response[bytes]:
        nodes = [node.code for node in await list_nodes(bank_session, qualification)]
        headers = {"Content-Disposition": 'attachment; filename="items.xlsx"'}
        return Response(template_workbook(nodes), media_type=WORKBOOK, headers=headers)

    @post(status_code=200, request_max_body_size=MAX_BYTES + FORM_BYTES)
    async def check(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        data: MultipartBody[UploadForm],
    ) -> Response[Any]:
        try:
            if data.file is None or not data.file.filename:
                raise EmptyFileError
            content, name = await data.file.read(), data.file.filename
            async with published(runtime, principal.account, data.progress) as progress:
                batch = await check_upload(
                    bank_session, runtime, principal, content, name, data.qualification, progress=progress
                )
        except DomainError as error:
            if data.progress:
                raise
            context = await _upload_context(bank_session, principal, data.qualification)
            return form_again(request, error, UPLOAD, context)
        return _moved(data.progress, f"/bank/imports/{batch}")

    @get("/progress/{token:str}", media_type=MediaType.JSON)
    async def progress(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        token: FromPath[Annotated[str, PathParameter(pattern="^[0-9a-f]{32}$")]],
    ) -> Response[Told]:
        """Return how far one's own import has come."""
        found = await find_progress(runtime, principal.account, token)
        return Response(found, headers={"Cache-Control": "no-store"})


class BatchController(Controller):
    """导入批次: what the dry run found, and what became of it."""

    path = "/bank/imports/{batch_id:uuid}"
    opt = allow(*MAKERS)

    @get()
    async def show(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        batch_id: FromPath[UUID],
        show: FromQuery[Shown] = None,
        page: FromQuery[Page] = 1,
    ) -> Template:
        batch = await get_batch(bank_session, batch_id)
        context = await _batch_context(request, bank_session, runtime, principal, batch, show, page)
        return Template(BATCH, context={**context, "problem": None})

    @post("/confirm", opt=allow("author"), status_code=200)
    async def confirm(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        batch_id: FromPath[UUID],
        data: URLEncodedBody[ConfirmForm],
    ) -> Response[Any]:
        try:
            async with published(runtime, principal.account, data.progress) as progress:
                await confirm_batch(bank_session, runtime, principal, batch_id, progress=progress)
        except DomainError as error:
            if data.progress:
                raise
            batch = await get_batch(bank_session, batch_id)
            context = await _batch_context(request, bank_session, runtime, principal, batch, None, 1)
            return form_again(request, error, BATCH, context)
        return _moved(data.progress, f"/bank/imports/{batch_id}", "已导入为草稿,可以送审。")

    @post("/columns", opt=allow("author"), status_code=200)
    async def columns(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        batch_id: FromPath[UUID],
        data: URLEncodedBody[ColumnsForm],
    ) -> Response[Any]:
        try:
            async with bank_session.begin_nested():
                await map_columns(bank_session, runtime, principal, batch_id, data.columns())
        except DomainError as error:
            batch = await get_batch(bank_session, batch_id)
            context = await _batch_context(request, bank_session, runtime, principal, batch, None, 1)
            return form_again(request, error, BATCH, {**context, "columns": data.columns()})
        return done(f"/bank/imports/{batch_id}", "已按新的对应重新核对;下次导入相同标题的表格时自动沿用。")


def _moved(token: str, path: str, message: str = "") -> Response[Any]:
    """Redirect, or tell a page that waits with a bar where to go: it would follow a redirect and miss the message."""
    redirect = done(path, message)
    return Response({"location": path}, cookies=redirect.cookies) if token else redirect


async def _upload_context(session: AsyncSession, principal: Principal, qualification: str) -> dict[str, Any]:
    return {
        "qualifications": all_qualifications(),
        "qualification": qualification,
        "unfinished": await list_batches(session, state="checked", account=principal.account),
        "written": await list_batches(session, state="written"),
        "title_of": title_of,
        "stages": STAGE_WORDS,
    }


async def _batch_context(
    request: AnyRequest,
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    batch: ImportBatch,
    show: Verdict | None,
    page: int,
) -> dict[str, Any]:
    checked = await get_checked(runtime, batch)
    catalogue: Catalogue = request.app.state.catalogue
    tab = show or _first_tab(batch)
    rows = checked.of(tab)
    return {
        **WORDS,
        "batch": batch,
        "title": title_of(batch.qualification),
        "states_of": await count_states(session, ItemFilter(batch=batch.id)),
        "own": batch.account_id == principal.account,
        "unsupported": checked.unsupported,
        "columns": checked.columns,
        "tests": checked.tests,
        "stages": STAGE_WORDS,
        "may_draft": bank_roles(principal) & {"author", "publisher"},
        "fields": FIELD_NAMES,
        "has_rows": bool(checked.rows),
        "tab": tab.value,
        "rows": rows[(page - 1) * ROWS : page * ROWS],
        "page": page,
        "more": page * ROWS < len(rows),
        "said": partial(_say, catalogue),
        "shown_options": shown_options,
        "key_words": key_words,
    }


def _first_tab(batch: ImportBatch) -> Verdict:
    """Begin with what wants a look: refused rows, then twins."""
    counts = {
        Verdict.REFUSED: batch.refused,
        Verdict.DUPLICATE: batch.duplicate,
        Verdict.NEAR_DUPLICATE: batch.near_duplicate,
    }
    return next((verdict for verdict, count in counts.items() if count), Verdict.ACCEPTED)


def _say(catalogue: Catalogue, row: CheckedRow, other: str) -> str:
    """Return the sentence of a row in the language of the request; `other` names its twin in that language."""
    words = {name: catalogue.gettext(value) if isinstance(value, str) else value for name, value in row.fields.items()}
    return fill(catalogue.gettext(row.message), {**words, "other": other})
