"""What somebody has to do today, by role, gathered from the packages that know it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from certs.api import list_open_proposals, list_withheld, read_clock
from exam.core.clock import local_date
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery.api import list_attempts
from exam.records.api import count_credit_requests, count_credit_work, list_usable_credentials
from exam.reports.api import list_work
from exam.sitting.api import SittingState, SittingTask, SittingView, list_sittings, load_work
from exam.web.dependencies import scope_of
from exam.web.policy import usable_roles
from grading.api import Standing, count_waiting_answers, list_awaiting_practical, list_results, standing_of

EXPIRING_DAYS = 30
REPORTS = "/regulator/reports"
APPLICATIONS = "/centre/applications"
CREDIT = "/regulator/credit"
MOST = 500
_ORDER = {"bad": 0, "warn": 1, "info": 2}


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list; `what` is a msgid with `fields`, `tone` bad, warn or info, `about` names the thing."""

    what: str
    href: str
    tone: str
    icon: str
    about: str = ""
    fields: dict[str, int] = {}
    due_at: datetime | None = None


async def _centre(session: AsyncSession, principal: Principal, runtime: Runtime) -> list[Task]:
    now = runtime.clock.now()
    running = (SittingState.PLANNED, SittingState.OPEN)
    tasks = [_of_sitting(each) for each in await load_work(session, principal, now=now, states=running)]
    own = principal.organisations("centre")
    for sitting in await list_sittings(session, state=SittingState.CLOSED, limit=MOST):
        if sitting.centre_id in own:
            attempts = await list_attempts(session, sitting.id, now=now)
            tasks += _of_results(sitting, standing_of(attempts, await list_results(session, sitting.id)))
    return tasks


def _of_sitting(work: SittingTask) -> Task:
    return Task(
        what=work.what,
        href=f"/centre/sittings/{work.sitting.id}",
        tone=work.tone,
        icon="clipboard-list",
        about=work.sitting.title,
        fields=work.fields,
        due_at=work.due_at,
    )


def _of_results(sitting: SittingView, standing: Standing) -> list[Task]:
    href, about = f"/centre/sittings/{sitting.id}/results", sitting.title
    lines = (
        ("{count} 份成绩可以公布", "warn", standing.ready),
        ("{count} 份答卷正在评分", "info", standing.unscored),
        ("{count} 份成绩暂缓,等待核查", "info", standing.held),
    )
    return [
        Task(what=what, href=href, tone=tone, icon="clipboard-check", about=about, fields={"count": count})
        for what, tone, count in lines
        if count
    ]


async def _proctor(session: AsyncSession, _principal: Principal, runtime: Runtime) -> list[Task]:
    now = runtime.clock.now()
    tasks = []
    for sitting in await list_sittings(session, state=SittingState.OPEN, limit=MOST):
        what = "场次正在进行" if now >= sitting.starts_at else "场次已开放签到"
        tasks.append(
            Task(what=what, href="/proctor", tone="warn", icon="eye", about=sitting.title, due_at=sitting.starts_at)
        )
    for sitting in await list_sittings(session, state=SittingState.PLANNED, limit=MOST):
        if local_date(sitting.starts_at) == local_date(now):
            what, about = "今天有考试,尚未开放签到", sitting.title
            tasks.append(
                Task(what=what, href="/proctor", tone="info", icon="calendar", about=about, due_at=sitting.starts_at)
            )
    return tasks


async def _assessor(session: AsyncSession, principal: Principal, runtime: Runtime) -> list[Task]:
    now = runtime.clock.now()
    answers = await count_waiting_answers(session, principal.account) if principal.account else 0
    lines = (
        ("{count} 名考生等待实操考评", "/assess", len(await list_awaiting_practical(session, at=now, limit=MOST))),
        ("{count} 份简答题答卷等您评阅", "/assess/answers", answers),
    )
    return [
        Task(what=what, href=href, tone="warn", icon="clipboard-check", fields={"count": count})
        for what, href, count in lines
        if count
    ]


async def _regulator(session: AsyncSession, principal: Principal, runtime: Runtime) -> list[Task]:
    now = runtime.clock.now()
    others = [each for each in await list_open_proposals(session) if each.proposed_by != principal.account]
    today = local_date(now)
    expiring = await list_usable_credentials(session, on=today, within=EXPIRING_DAYS, limit=MOST)
    certificates, near = "/centre/credentials", f"/regulator/credentials?within={EXPIRING_DAYS}"
    clock = await read_clock(session, on=today)
    sittings = await list_sittings(session, limit=MOST)
    running = [each for each in sittings if each.state is SittingState.OPEN or local_date(each.starts_at) == today]
    lines = (
        ("今天有 {count} 场考试", "/regulator", "info", "calendar", len(running)),
        ("{count} 项证书处理等待第二人确认", certificates, "warn", "gavel", len(others)),
        (
            "{count} 人已合格、暂缓发证,请核查原因",
            certificates,
            "warn",
            "certificate",
            len(await list_withheld(session)),
        ),
        ("{count} 项证书申请已逾期", APPLICATIONS, "bad", "clock", clock.overdue),
        ("{count} 项证书申请今天到期", APPLICATIONS, "warn", "clock", clock.today),
        ("{count} 本证书 30 日内到期", near, "info", "calendar", len(expiring)),
        *await _credit(session, now),
        *await _reports(session, principal, runtime),
    )
    return [
        Task(what=what, href=href, tone=tone, icon=icon, fields={"count": count})
        for what, href, tone, icon, count in lines
        if count
    ]


async def _credit(session: AsyncSession, now: datetime) -> list[tuple[str, str, str, str, int]]:
    work = await count_credit_work(session, today=local_date(now))
    return [
        ("{count} 条信用线索超过办理期限", CREDIT, "bad", "gavel", work.late),
        ("{count} 条信用线索待核查", CREDIT, "warn", "gavel", work.found),
        (
            "{count} 件信用异议或修复申请待答复",
            f"{CREDIT}/records",
            "warn",
            "gavel",
            await count_credit_requests(session),
        ),
    ]


async def _reports(
    session: AsyncSession, principal: Principal, runtime: Runtime
) -> list[tuple[str, str, str, str, int]]:
    region = next((grant.region for grant in principal.grants if grant.role == "regulator"), "")
    work = await list_work(session, runtime.settings, region, now=runtime.clock.now())
    return [
        ("{count} 份报表已逾期,请尽快报送", REPORTS, "bad", "report", work.overdue),
        ("{count} 份报表被退回,请更正后重新报送", REPORTS, "bad", "report", work.returned),
        ("{count} 份报表待报送", REPORTS, "warn", "report", work.owed - work.overdue),
        ("{count} 份报表等待接收", REPORTS, "warn", "report", work.to_receive),
        ("{count} 个下级报表逾期未报", REPORTS, "info", "report", work.missing_below),
    ]


Gatherer = Callable[[AsyncSession, Principal, Runtime], Awaitable[list[Task]]]
GATHERERS: Mapping[str, Gatherer] = {
    "centre": _centre,
    "proctor": _proctor,
    "assessor": _assessor,
    "regulator": _regulator,
}
"""Roles with a list of their own; the others begin at their first page."""


def has_list(principal: Principal) -> bool:
    """Say whether a list of tasks is made for one of the roles that this session may act in."""
    return not usable_roles(principal).isdisjoint(GATHERERS)


async def list_tasks(runtime: Runtime, principal: Principal) -> list[Task]:
    """Return what is to be done in every role, the most urgent first; each role sees its own scope."""
    tasks: list[Task] = []
    for role in sorted(usable_roles(principal) & GATHERERS.keys()):
        async with runtime.databases.transaction(scope_of(principal, (role,))) as session:
            tasks += await GATHERERS[role](session, principal, runtime)
    latest = datetime.max.replace(tzinfo=runtime.clock.now().tzinfo)
    return sorted(tasks, key=lambda task: (_ORDER[task.tone], task.due_at or latest))
