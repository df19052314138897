"""The teacher's pages: today's sessions, the code on the wall, the roll."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import Role, list_people
from exam.training.attendance.forms import read_roll
from exam.training.attendance.models import Attendance
from exam.training.attendance.roll import confirm_roll, load_roll, rules_of, sign_code, taught_session
from exam.training.classes.models import ClassSession, TrainingClass
from exam.training.classes.passes import qr_image
from exam.training.classes.service import get_class, session_view
from exam.training.classes.views import SessionView
from exam.training.kinds import title_of
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done

HOME = "/teach"
ROLL = "training/roll.html"
SHOWN_DAYS = 14
AnyRequest = Request[Principal, Any, Any]


class TeacherController(Controller):
    """Sessions that the principal teaches."""

    path = HOME
    opt = allow(Role.TEACHER)

    @get()
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
    ) -> Template:
        now = runtime.clock.now()
        span = timedelta(days=SHOWN_DAYS)
        query = (
            select(ClassSession, TrainingClass.title, TrainingClass.qualification)
            .join(TrainingClass, TrainingClass.id == ClassSession.class_id)
            .where(ClassSession.teacher_id == principal.account, ClassSession.starts_at.between(now - span, now + span))
            .order_by(ClassSession.starts_at)
        )
        rows = [(session_view(row), title, code) for row, title, code in await session.execute(query)]
        confirmed = select(Attendance.session_id).where(Attendance.session_id.in_([row.id for row, _, _ in rows]))
        taken = set(await session.scalars(confirmed))
        unconfirmed = [row for row in rows if row[0].ends_at <= now and row[0].id not in taken and row[0].filed_at]
        context = {
            "due": [row for row in unconfirmed if now <= row[0].ends_at + _within(row[0])],
            "missed": [row for row in unconfirmed if now > row[0].ends_at + _within(row[0])],
            "ahead": [row for row in rows if row[0].ends_at > now],
            "behind": [row for row in reversed(rows) if row[0].id in taken],
            "today": local_date(now),
            "title_of": title_of,
        }
        return Template("training/teach.html", context=context)

    @get("/sessions/{session_id:uuid}")
    async def roll(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        session_id: FromPath[UUID],
    ) -> Template:
        one = await taught_session(session, principal, session_id)
        return Template(ROLL, context=await _context(session, runtime, one))

    @get("/sessions/{session_id:uuid}/code")
    async def code(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        session_id: FromPath[UUID],
    ) -> Template:
        """Return the code alone, for the page to renew itself, with how many have signed."""
        one = await taught_session(session, principal, session_id)
        return Template("training/_code.html", context=await _context(session, runtime, one))

    @post("/sessions/{session_id:uuid}/confirm", status_code=200)
    async def confirm(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        session_id: FromPath[UUID],
        data: URLEncodedBody[dict[str, str]],
    ) -> Redirect | Template:
        one = await taught_session(session, principal, session_id)
        try:
            async with session.begin_nested():
                at = runtime.clock.now()
                await confirm_roll(session, principal, one, read_roll(data, one), at=at)
        except DomainError as error:
            context = await _context(session, runtime, one)
            return form_again(request, error, ROLL, {**context, "typed": data})
        return done(f"{HOME}/sessions/{session_id}", "考勤已确认,学时随即计入。")


def _within(one: SessionView) -> timedelta:
    return timedelta(seconds=rules_of(one).confirm_within_s)


async def _context(session: AsyncSession, runtime: Runtime, one: SessionView) -> dict[str, Any]:
    at, rules = runtime.clock.now(), rules_of(one)
    lines = await load_roll(session, one)
    opens = one.starts_at - timedelta(seconds=rules.sign_before_s)
    closes = one.ends_at + timedelta(seconds=rules.sign_after_s)
    text = sign_code(runtime, one) if opens <= at <= closes else ""
    return {
        "session": one,
        "one": await get_class(session, one.class_id),
        "lines": lines,
        "people": await list_people(session, [line.enrolment.person_id for line in lines]),
        "signed": sum(1 for line in lines if line.signed_in_at),
        "code": qr_image(text) if text else "",
        "opens": opens,
        "confirmable": one.filed_at is not None and one.ends_at <= at <= one.ends_at + _within(one),
        "unfiled": one.began_unfiled(at),
        "confirmed": any(line.confirmed for line in lines),
        "grace_s": rules.late_s,
        "title_of": title_of,
        "typed": {},
        "problem": None,
    }
