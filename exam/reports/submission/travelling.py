"""Reports between instances: told upward as messages are, and what the level above says brought back to their page."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.events import Subscription, heard_event
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.identity.api import names_of_accounts
from exam.records.api import REPORT, Answer, Content, Message, answer_node, get_answer, get_kept, offer
from exam.records.events import AnswerReceived, MessageKept
from exam.reports.events import ReportSubmitted
from exam.reports.submission.models import Report
from exam.reports.submission.state import ReportState

KNOWN = "上级已经有这一期报表的这一版(由别的途径报送),这一份没有再接收。请与上级核对,需要改动时另报一版。"
UPPER = "上级系统"
_SAME = ("form", "region", "version", "figures", "entries")
_DAYS = ("first_on", "last_on", "due_on")
_PEOPLE = ("filled_by", "signed_by", "submitted_by")
_INSTANTS = ("filled_at", "signed_at", "submitted_at")


def subject_of(row: Report) -> str:
    """Return what the versions of one report are told under."""
    return f"report:{row.form}:{row.region}:{row.first_on.isoformat()}"


async def tell_report(runtime: Runtime, session: AsyncSession, event: ReportSubmitted) -> None:
    """Tell the level above of a report of our own."""
    row = await session.get_one(Report, event.report_id)
    people = [who for who in (row.filled_by, row.signed_by) if who]
    names = await names_of_accounts(session, people)
    data: dict[str, Any] = {
        "report_id": str(row.id),
        **{name: getattr(row, name) for name in _SAME},
        **{name: getattr(row, name).isoformat() for name in (*_DAYS, *_INSTANTS)},
        **{name: str(getattr(row, name)) for name in _PEOPLE},
        "note": row.note or None,
        "filler_name": names.get(row.filled_by, ""),
        "signer_name": names.get(row.signed_by, "") if row.signed_by else "",
    }
    content = Content(
        kind=REPORT,
        key=heard_event(session),
        subject=subject_of(row),
        region=row.region,
        occurred_at=row.submitted_at or runtime.clock.now(),
        data=data,
    )
    await offer(session, runtime, content)


async def keep_report(runtime: Runtime, session: AsyncSession, event: MessageKept) -> None:
    """Lay a report from a lower node before the level above; one that is here already by another way goes back."""
    neighbour_id, message = await get_kept(session, event.incoming_id)
    row = _row(neighbour_id, message)
    known = select(Report.id).where(
        Report.form == row.form,
        Report.region == row.region,
        Report.first_on == row.first_on,
        Report.version == row.version,
    )
    if await session.scalar(known) is not None:
        answer = Answer(
            kind="report",
            subject=message.subject,
            sequence=row.version,
            state=ReportState.RETURNED,
            reason=KNOWN,
            by=neighbour_id,
            name=UPPER,
        )
        await answer_node(session, neighbour_id, answer, at=runtime.clock.now())
        return
    session.add(row)
    await session.flush()
    at = runtime.clock.now()
    facts: dict[str, Fact] = {"form": row.form, "version": row.version}
    await record(session, SYSTEM, "report.arrived", ("report", row.id), at=at, region=row.region, facts=facts)


async def follow_answer(_runtime: Runtime, session: AsyncSession, event: AnswerReceived) -> None:
    """Receive or return a report here as the level above has done; what was decided meanwhile stays."""
    answer, at = await get_answer(session, event.answer_id)
    _, form, region, day = answer.subject.split(":")
    query = select(Report).where(
        Report.form == form,
        Report.region == region,
        Report.first_on == date.fromisoformat(day),
        Report.version == answer.sequence,
    )
    row = await session.scalar(query.with_for_update())
    if row is None or row.state != ReportState.SUBMITTED or answer.by is None:
        return
    row.answer_id, row.people = event.answer_id, {**row.people, str(answer.by): answer.name}
    row.state, row.decided_by, row.decided_at, row.reason = answer.state, answer.by, at, answer.reason
    await session.flush()
    act = "report.returned" if row.state == ReportState.RETURNED else "report.received"
    facts = {"reason": row.reason} if row.reason else {}
    await record(session, SYSTEM, act, ("report", row.id), at=at, region=row.region, facts=facts)


async def say(session: AsyncSession, row: Report, *, name: str, at: datetime) -> None:
    """Let the lower node know what was decided of a report that it sent."""
    if row.arrived_from is not None:
        answer = Answer(
            kind="report",
            subject=subject_of(row),
            sequence=row.version,
            state=row.state,
            reason=row.reason,
            by=row.decided_by,
            name=name,
        )
        await answer_node(session, row.arrived_from, answer, at=at)


def _row(neighbour_id: UUID, message: Message) -> Report:
    data = message.data
    people = {data["filled_by"]: data["filler_name"], data["signed_by"]: data["signer_name"]}
    return Report(
        **{name: data[name] for name in _SAME},
        **{name: date.fromisoformat(data[name]) for name in _DAYS},
        **{name: datetime.fromisoformat(data[name]) for name in _INSTANTS},
        **{name: UUID(data[name]) for name in _PEOPLE},
        to_region=data["region"].rpartition("/")[0],
        state=ReportState.SUBMITTED,
        note=data.get("note", ""),
        arrived_from=neighbour_id,
        people=people,
    )


SUBSCRIPTIONS = (
    Subscription(ReportSubmitted, "reports.tell", tell_report),
    Subscription(MessageKept, "reports.keep", keep_report),
    Subscription(AnswerReceived, "reports.follow", follow_answer),
)
