"""The training body's pages of materials: uploaded, watched while they are made, given subtitles, made a lesson."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import Role
from exam.training.bodies.service import BodyView, own_body
from exam.training.ledger.rules import hundredths
from exam.training.lessons.choices import lesson_targets
from exam.training.lessons.content import LessonContent
from exam.training.lessons.drafting_pages import Draft, answer_draft
from exam.training.lessons.film import LANGUAGES, Film, FilmSlide, read_cues, read_syncs
from exam.training.lessons.film_pages import (
    head_answer,
    picture_answer,
    playlist_answer,
    segment_answer,
    subtitle_answer,
)
from exam.training.lessons.slides import beside_film, read_page_questions, slides_lesson
from exam.training.materials.errors import MaterialNotFoundError, MaterialStateError, SubtitleError
from exam.training.materials.limited import error_of
from exam.training.materials.service import (
    KINDS,
    MEGABYTE,
    MOST_BYTES,
    PART_BYTES,
    MaterialView,
    add_subtitle,
    begin_material,
    finish_upload,
    get_material,
    get_slides,
    list_materials,
    list_slide_sets,
    take_part,
)
from exam.training.packages.frame_pages import frame_package
from exam.training.packages.service import plan_package
from exam.training.schemas import MaterialLessonForm, SubtitleForm, UploadBegun, UploadIn
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done
from exam.web.uploads import read_file, read_form

HOME = "/centre/training/materials"
SHOW = "training/material.html"
PER_PAGE = 50
AnyRequest = Request[Principal, Any, Any]


class MaterialsController(Controller):
    """Materials of the principal's own training body."""

    path = HOME
    opt = allow(Role.CENTRE)

    @get()
    async def show_list(
        self, session: NamedDependency[AsyncSession], principal: NamedDependency[Principal], page: FromQuery[Page] = 1
    ) -> Template:
        body = await own_body(session, principal)
        rows = await list_materials(session, body=body, limit=PER_PAGE + 1, offset=(page - 1) * PER_PAGE)
        context = {"rows": rows[:PER_PAGE], "more": len(rows) > PER_PAGE, "page": page, "body": body, "mb": MEGABYTE}
        return Template("training/materials.html", context=context)

    @get("/new")
    async def new(self, session: NamedDependency[AsyncSession], principal: NamedDependency[Principal]) -> Template:
        await own_body(session, principal)
        context = {
            "most_mb": {kind: most // MEGABYTE for kind, most in MOST_BYTES.items()},
            "suffixes": ",".join(sorted(KINDS)),
        }
        return Template("training/material_new.html", context=context)

    @post("/")
    async def begin(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        data: JSONBody[UploadIn],
    ) -> UploadBegun:
        """Announce an upload; its parts follow one by one."""
        body = await own_body(session, principal)
        at = runtime.clock.now()
        begun = await begin_material(session, principal, body=body, filename=data.filename, size=data.size, at=at)
        return UploadBegun(id=begun, part_bytes=PART_BYTES)

    @post("/{material_id:uuid}/parts/{place:int}", status_code=204)
    async def part(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        material_id: FromPath[UUID],
        place: FromPath[int],
    ) -> None:
        body = await own_body(session, principal)
        data = await read_file(request, "file") or b""
        await take_part(session, runtime, material_id, place, data, body=body)

    @post("/{material_id:uuid}/finish", status_code=204)
    async def finish(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        material_id: FromPath[UUID],
    ) -> None:
        body = await own_body(session, principal)
        await finish_upload(session, principal, material_id, body=body, at=runtime.clock.now())

    @get("/{material_id:uuid}")
    async def show(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        material_id: FromPath[UUID],
    ) -> Template:
        body = await own_body(session, principal)
        context = await _page(session, body, material_id)
        framed, headers = frame_package(request, runtime, context["one"].package)
        if request.headers.get("hx-request"):
            over = {"HX-Refresh": "true"} if context["one"].state == "ready" else {}
            return Template("training/_making.html", context=context, headers=over)
        return Template(SHOW, context={**context, **framed}, headers=headers)

    @post("/{material_id:uuid}/subtitles", status_code=200)
    async def subtitle(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        material_id: FromPath[UUID],
    ) -> Redirect | Template:
        body = await own_body(session, principal)
        form, data = await read_form(request, SubtitleForm, "file")
        try:
            if data is None:
                raise SubtitleError(line=0)
            await add_subtitle(
                session,
                runtime,
                principal,
                material_id,
                body=body,
                language=form.language,
                data=data,
                at=runtime.clock.now(),
            )
        except DomainError as error:
            return form_again(request, error, SHOW, await _page(session, body, material_id))
        return done(f"{HOME}/{material_id}", "字幕已保存。")

    @post("/{material_id:uuid}/lesson", status_code=200)
    async def draft(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        material_id: FromPath[UUID],
        data: URLEncodedBody[MaterialLessonForm],
    ) -> Redirect | Template:
        body = await own_body(session, principal)
        one = await get_material(session, material_id, body=body)
        framed, _ = frame_package(request, runtime, one.package)
        form = Draft(SHOW, data, {**await _page(session, body, material_id), **framed})
        return await answer_draft(request, session, runtime.clock, body, form, _content(session, body, one, data))


class MaterialFilmController(Controller):
    """A material's film or slides for the body's own clerks, whole: they look before they publish."""

    path = f"{HOME}/{{material_id:uuid}}"
    opt = allow(Role.CENTRE)

    @get("/film.m3u8")
    async def playlist(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        material_id: FromPath[UUID],
    ) -> Response[str]:
        film = await _own_film(session, principal, material_id)
        return playlist_answer(film, len(film.ends_ms))

    @get("/film/init")
    async def head(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        material_id: FromPath[UUID],
    ) -> Response[bytes]:
        return await head_answer(request, runtime, await _own_film(session, principal, material_id))

    @get("/film/segments/{place:int}")
    async def segment(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        material_id: FromPath[UUID],
        place: FromPath[int],
    ) -> Response[bytes]:
        film = await _own_film(session, principal, material_id)
        return await segment_answer(request, runtime, film, place, len(film.ends_ms))

    @get("/film/subtitles/{language:str}")
    async def subtitles(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        material_id: FromPath[UUID],
        language: FromPath[str],
    ) -> Response[bytes]:
        return await subtitle_answer(request, runtime, await _own_film(session, principal, material_id), language)

    @get("/slides/{place:int}")
    async def slide(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        material_id: FromPath[UUID],
        place: FromPath[int],
    ) -> Response[bytes]:
        one = await get_material(session, material_id, body=await own_body(session, principal))
        if one.slides is None or not 0 <= place < len(one.slides.pages):
            raise MaterialNotFoundError
        return await picture_answer(runtime, one.slides.key(place))


async def _own_film(session: AsyncSession, principal: Principal, material_id: UUID) -> Film:
    return _film(await get_material(session, material_id, body=await own_body(session, principal)))


def _film(one: MaterialView) -> Film:
    if one.film is None:
        raise MaterialStateError
    return one.film


async def _content(
    session: AsyncSession, body: BodyView, one: MaterialView, typed: MaterialLessonForm
) -> LessonContent:
    if one.package is not None:
        return LessonContent(package=plan_package(one.package, typed.minutes, typed.wanted))
    if one.slides is not None:
        return slides_lesson(one.slides, read_page_questions(typed.questions, len(one.slides.pages)))
    film = _film(one)
    cues = read_cues(typed.questions, film.length_ms)
    beside = await _beside(session, body, film, typed) if typed.slides else ()
    return LessonContent(film=msgspec.structs.replace(film, cues=cues, slides=beside))


async def _beside(
    session: AsyncSession, body: BodyView, film: Film, typed: MaterialLessonForm
) -> tuple[FilmSlide, ...]:
    """Return the slides that are to stand beside a film; raises MaterialNotFoundError and SyncPointError."""
    slides = await get_slides(session, typed.slides, body=body)
    return beside_film(slides, read_syncs(typed.syncs, len(slides.pages), film.length_ms))


async def _page(session: AsyncSession, body: BodyView, material_id: UUID) -> dict[str, Any]:
    one = await get_material(session, material_id, body=body)
    return {
        "one": one,
        "link": f"{HOME}/{one.id}",
        "refusal": error_of(one.reason).message if one.reason else "",
        "languages": LANGUAGES,
        "hundredths": hundredths,
        "typed": MaterialLessonForm(),
        "package_base": "",
        "sets": await list_slide_sets(session, body=body) if one.film else [],
        "problem": None,
        "mb": MEGABYTE,
        **await lesson_targets(session, body),
    }
