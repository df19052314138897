"""The learner's page behind the classroom's QR: one button to sign in, one to sign out."""

import asyncio
from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.ids import new_id
from exam.core.photo import clean_photo
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.training.attendance.errors import SignPhotoError
from exam.training.attendance.roll import get_session, require_fresh, sign
from exam.training.classes.service import get_class
from exam.training.classes.views import SessionView
from exam.training.kinds import title_of
from exam.training.schemas import SignForm
from exam.web.policy import allow_candidate
from exam.web.problem import form_again
from exam.web.request import done
from exam.web.uploads import read_form

PAGE = "training/sign.html"
AnyRequest = Request[Principal, Any, Any]
DONE = {"in": "已签到。下课后请再扫码签退。", "out": "已签退。教师确认后计入学时。"}


class SignController(Controller):
    """Signing in and out of one session."""

    path = "/learn/sign/{session_id:uuid}"
    opt = allow_candidate()

    @get()
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        session_id: FromPath[UUID],
        code: FromQuery[str] = "",
    ) -> Template:
        one = await get_session(session, session_id)
        return Template(PAGE, context={**await _context(session, runtime, one, code), "problem": None})

    @post(status_code=200)
    async def sign(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        session_id: FromPath[UUID],
    ) -> Redirect | Template:
        form, photo = await read_form(request, SignForm, "photo")
        way, code = form.way, form.code
        one = await get_session(session, session_id)
        try:
            async with session.begin_nested():
                require_fresh(runtime, one, code)
                key = await _store_photo(session, runtime, one, photo) if way == "in" else None
                at = runtime.clock.now()
                await sign(session, principal, runtime, one, way=way, code=code, photo_key=key, at=at)
        except DomainError as error:
            return form_again(request, error, PAGE, await _context(session, runtime, one, code))
        return done("/learn", DONE[way])


async def _store_photo(session: AsyncSession, runtime: Runtime, one: SessionView, photo: bytes | None) -> str | None:
    """Store the portrait that the class asks for; raises SignPhotoError and the refusals of photos."""
    if photo is None:
        if (await get_class(session, one.class_id)).photo_asked:
            raise SignPhotoError
        return None
    jpeg = await asyncio.to_thread(clean_photo, photo)
    key = f"training/signs/{one.id}/{new_id()}.jpg"
    await runtime.storage.put(key, jpeg)
    return key


async def _context(session: AsyncSession, runtime: Runtime, one: SessionView, code: str) -> dict[str, Any]:
    return {
        "session": one,
        "one": await get_class(session, one.class_id),
        "code": code,
        "leaving": runtime.clock.now() >= one.starts_at + (one.ends_at - one.starts_at) / 2,
        "title_of": title_of,
    }
