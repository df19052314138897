"""A film's files as a player fetches them: the playlist, the head, segments, subtitles; and the learner's addresses.

A learner's first pass gets only what is open; what lies ahead stays on the server.
"""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.training.lessons.errors import UnitLockedError, VisitNotFoundError
from exam.training.lessons.film import Film, open_segments, open_slides, playlist
from exam.training.lessons.standing import StudyAnswer
from exam.training.lessons.study import read_visit
from exam.web.policy import allow_candidate
from exam.web.ranges import NOT_SHARED, ranged_file

AnyRequest = Request[Principal, Any, Any]
PLAYLIST, MP4, VTT = "application/vnd.apple.mpegurl", "video/mp4", "text/vtt; charset=utf-8"
JPEG = "image/jpeg"


def playlist_answer(film: Film, opened: int) -> Response[str]:
    """Answer with the playlist of the open segments."""
    return Response(playlist(film, opened), media_type=PLAYLIST, headers={"Cache-Control": NOT_SHARED})


async def head_answer(request: AnyRequest, runtime: Runtime, film: Film) -> Response[bytes]:
    """Answer with what every segment needs."""
    return await ranged_file(runtime.storage, film.init_key, request.headers.get("range", ""), MP4)


async def segment_answer(request: AnyRequest, runtime: Runtime, film: Film, place: int, opened: int) -> Response[bytes]:
    """Answer with a segment; raises NotFoundError, and UnitLockedError for one that is not open yet."""
    if not 0 <= place < len(film.ends_ms):
        raise NotFoundError
    if place >= opened:
        raise UnitLockedError
    return await ranged_file(runtime.storage, film.segment_key(place), request.headers.get("range", ""), MP4)


async def subtitle_answer(request: AnyRequest, runtime: Runtime, film: Film, language: str) -> Response[bytes]:
    """Answer with the subtitles of a language; raises NotFoundError."""
    for each in film.subtitles:
        if each.language == language:
            return await ranged_file(runtime.storage, film.subtitle_key(each), request.headers.get("range", ""), VTT)
    raise NotFoundError


async def picture_answer(runtime: Runtime, key: str) -> Response[bytes]:
    """Answer with the picture of a slide."""
    return await ranged_file(runtime.storage, key, "", JPEG)


class FilmController(Controller):
    """The film of a visit, for the learner whose visit it is."""

    path = "/learn/visits/{visit_id:uuid}"
    opt = allow_candidate()

    @get("/film.m3u8")
    async def playlist(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        visit_id: FromPath[UUID],
    ) -> Response[str]:
        film, opened = await _film(session, principal, visit_id)
        return playlist_answer(film, opened)

    @get("/film/init")
    async def head(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        visit_id: FromPath[UUID],
    ) -> Response[bytes]:
        film, _ = await _film(session, principal, visit_id)
        return await head_answer(request, runtime, film)

    @get("/film/segments/{place:int}")
    async def segment(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        visit_id: FromPath[UUID],
        place: FromPath[int],
    ) -> Response[bytes]:
        film, opened = await _film(session, principal, visit_id)
        return await segment_answer(request, runtime, film, place, opened)

    @get("/film/subtitles/{language:str}")
    async def subtitles(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        visit_id: FromPath[UUID],
        language: FromPath[str],
    ) -> Response[bytes]:
        film, _ = await _film(session, principal, visit_id)
        return await subtitle_answer(request, runtime, film, language)

    @get("/film/slides/{place:int}")
    async def slide(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        visit_id: FromPath[UUID],
        place: FromPath[int],
    ) -> Response[bytes]:
        """Answer with a slide beside the film; those ahead stay on the server as the film does."""
        answer, film = await _watched(session, principal, visit_id)
        if not 0 <= place < len(film.slides):
            raise NotFoundError
        if place >= open_slides(film, answer.reach_ms, finished=answer.finished):
            raise UnitLockedError
        return await picture_answer(runtime, film.slides[place].picture)


async def _film(session: AsyncSession, principal: Principal, visit_id: UUID) -> tuple[Film, int]:
    """Return a visit's film and how many of its segments are open."""
    answer, film = await _watched(session, principal, visit_id)
    return film, open_segments(film, answer.reach_ms, finished=answer.finished)


async def _watched(session: AsyncSession, principal: Principal, visit_id: UUID) -> tuple[StudyAnswer, Film]:
    if principal.person is None:
        raise NotFoundError
    answer, _, lesson = await read_visit(session, principal.person, visit_id)
    if lesson.content.film is None:
        raise VisitNotFoundError
    return answer, lesson.content.film
