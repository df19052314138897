"""What was odd about home study (观察记录), for people to look at: nothing follows from it by itself."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.training.ledger.judging import Oddity
from exam.training.lessons.models import Lesson, ObservationRow, Progress, VisitRow

WORDS = {
    Oddity.TOO_FAST: "报告过快",
    Oddity.REPLAYED: "重复发送旧报告",
    Oddity.FORGED: "报告不是由学习页面发出",
    Oddity.TWO_DEVICES: "另一设备已打开课件后仍在报告",
    Oddity.LOGGED_OUT: "退出登录后仍在报告",
    Oddity.CLOCK_SHIFTED: "终端时钟被改动",
    Oddity.SKIPPED_AHEAD: "跳到未开放的内容",
    Oddity.LATE_ANSWER: "中断一段时间后才完成在场确认",
    Oddity.GUESSED: "在场确认的问题连续答错",
}
"""What each oddity is called; msgids."""


class ObservationLine(msgspec.Struct, frozen=True, kw_only=True):
    """One observation as pages show it; what it names earned no time, but for an answer that came late."""

    enrolment_id: UUID
    person_id: UUID
    lesson: str
    words: str
    at: datetime


async def list_observations(
    session: AsyncSession, enrolment_ids: Sequence[UUID], *, limit: int = 100
) -> list[ObservationLine]:
    """Return what was seen of some learners, newest first."""
    query = (
        select(ObservationRow, Lesson.title)
        .join(VisitRow, VisitRow.id == ObservationRow.visit_id)
        .join(Progress, Progress.id == VisitRow.progress_id)
        .join(Lesson, Lesson.id == Progress.lesson_id)
        .where(ObservationRow.enrolment_id.in_(enrolment_ids))
        .order_by(ObservationRow.at.desc(), ObservationRow.id.desc())
        .limit(limit)
    )
    return [
        ObservationLine(
            enrolment_id=row.enrolment_id,
            person_id=row.person_id,
            lesson=title,
            words=WORDS[Oddity(row.kind)],
            at=row.at,
        )
        for row, title in await session.execute(query)
    ]
