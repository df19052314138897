"""Listening to a seat: a proctor's act with its reason, told to the candidate, minutes at most, and nothing of it is kept."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.db.scope import Scope
from exam.core.ids import new_id
from exam.core.principal import SYSTEM, Principal
from exam.core.runtime import Runtime
from exam.delivery.api import FINISHED_STATES, AttemptState, AttemptView, ended_at, get_attempt, list_epochs
from proctor.media.consent import consent_texts
from proctor.media.errors import ListeningReasonError, NotHeardError, NotInExamError
from proctor.media.models import Listening
from proctor.media.seats import SeatCamera, cameras_of

ON_SHOW = frozenset({AttemptState.READY, AttemptState.IN_PROGRESS, AttemptState.PAUSED})
MOST = timedelta(minutes=5)
"""Of one act; who must hear more says so again, with a reason."""
OUTCOME_WORDS = {
    "stopped": "已停止",
    "left": "连接已断开,麦克风已关闭",
    "denied": "考生端没有允许使用麦克风,听不到声音",
    "missing": "考生端没有找到麦克风,听不到声音",
    "failed": "考生端的麦克风打不开,听不到声音",
    "withdrawn": "考生撤回了同意,麦克风已关闭",
    "time_up": "时间到,麦克风已关闭",
    "over": "考试已结束,麦克风已关闭",
}
SILENT = frozenset({"denied", "missing", "failed"})


class ListeningState(msgspec.Struct, frozen=True):
    """How the listening stands that a proctor asked for last; `word` is a msgid until it is shown."""

    id: UUID
    standing: bool
    word: str
    silent: bool
    """Whether the terminal said that it has no sound to send."""
    until_at: datetime


class Asked(msgspec.Struct, frozen=True):
    """Who listens to a seat now: the ids of the acts, the reason code of the newest, and when the last of them ends."""

    ids: list[UUID]
    reason: str
    until_at: datetime | None


def may_be_heard(camera: SeatCamera) -> bool:
    """Tell whether a candidate has agreed to a text that speaks of listening."""
    text = consent_texts().get(camera.text_version)
    return camera.agreed and text is not None and text.hears


async def listen(
    session: AsyncSession, principal: Principal, attempt: AttemptView, *, reason: str, note: str, at: datetime
) -> None:
    """Let a proctor listen from now on; raises NotInExamError, ListeningReasonError and, without consent, NotHeardError."""
    if not reason:
        raise ListeningReasonError
    if principal.account is None or attempt.state not in ON_SHOW:
        raise NotInExamError
    if not may_be_heard((await cameras_of(session, [attempt.id]))[attempt.id]):
        raise NotHeardError
    await hush(session, principal, attempt, at=at)
    act = Listening(
        id=new_id(),
        attempt_id=attempt.id,
        region=attempt.region,
        account=principal.account,
        reason=reason,
        note=note.strip(),
        asked_at=at,
        until_at=at + MOST,
        outcome="",
    )
    session.add(act)
    await session.flush()
    facts: dict[str, Fact] = {"listening": str(act.id), "reason": reason, "note": act.note}
    await _note(session, principal, "attempt.listening_begun", act, facts, at=at)


async def hush(session: AsyncSession, principal: Principal, attempt: AttemptView, *, at: datetime) -> None:
    """End what this proctor hears of a seat; nothing where nothing is heard."""
    for act in await _standing(session, attempt.id, at=at):
        if act.account == principal.account:
            await _end(session, principal, act, "stopped", at=at)


async def end_all(session: AsyncSession, attempt: AttemptView, outcome: str, *, at: datetime) -> None:
    """End whatever is heard of a seat, by what its candidate or terminal did."""
    for act in await _standing(session, attempt.id, at=at):
        await _end(session, Principal(person=attempt.person_id), act, outcome, at=at)


async def note_microphone(
    session: AsyncSession, attempt: AttemptView, ids: Iterable[UUID], state: str, *, at: datetime
) -> None:
    """Take a terminal's word about its microphone for the acts that it knew of: on, off, denied, missing or failed."""
    known, terminal = set(ids), Principal(person=attempt.person_id)
    for act in await _standing(session, attempt.id, at=at):
        if act.id not in known:
            continue
        if state != "on":
            await _end(session, terminal, act, "left" if state == "off" else state, at=at)
        elif act.opened_at is None:
            act.opened_at = at
            await _note(session, terminal, "attempt.microphone_opened", act, {"listening": str(act.id)}, at=at)


async def asked_of(session: AsyncSession, attempt: AttemptView, *, at: datetime) -> Asked:
    """Return who listens to a seat now."""
    acts = [] if attempt.state in FINISHED_STATES else await _standing(session, attempt.id, at=at)
    until = max((act.until_at for act in acts), default=None)
    return Asked([act.id for act in acts], acts[-1].reason if acts else "", until)


async def listening_of(
    session: AsyncSession, attempt: AttemptView, account: UUID | None, *, at: datetime
) -> ListeningState | None:
    """Return how the listening stands that an account asked for last; it ends with the attempt, whatever the terminal says."""
    mine = select(Listening).where(Listening.attempt_id == attempt.id, Listening.account == account)
    act = await session.scalar(mine.order_by(Listening.asked_at.desc(), Listening.id.desc()).limit(1))
    if act is None:
        return None
    end, cause = _silent_end(act, await ended_at(session, attempt))
    outcome = act.outcome or (cause if end <= at else "")
    word = "考生端的麦克风开着,正在听" if act.opened_at else "正在请考生端打开麦克风"
    return ListeningState(act.id, not outcome, OUTCOME_WORDS.get(outcome, word), act.outcome in SILENT, act.until_at)


async def still_standing(session: AsyncSession, ids: set[UUID], *, at: datetime) -> set[UUID]:
    """Return those of the acts that have not ended, and whose attempt has not."""
    if not ids:
        return set()
    standing = Listening.ended_at.is_(None) & (Listening.until_at > at)
    rows = await session.execute(select(Listening.id, Listening.attempt_id).where(Listening.id.in_(ids), standing))
    seats = {row.id: row.attempt_id for row in rows}
    over = {
        seat for seat, (_, state) in (await list_epochs(session, seats.values())).items() if state in FINISHED_STATES
    }
    return {act for act, seat in seats.items() if seat not in over}


async def note_ends(runtime: Runtime) -> None:
    """Write down the end of every act that ended with its time or its attempt, for which no terminal's word comes."""
    now, scope = runtime.clock.now(), Scope(region=runtime.settings.root_region)
    async with runtime.databases.transaction(scope) as session:
        begun = await session.scalars(select(Listening).where(Listening.ended_at.is_(None)).with_for_update())
        for act in begun:
            over = await ended_at(session, await get_attempt(session, act.attempt_id, now=now))
            end, cause = _silent_end(act, over)
            if end <= now:
                await _end(session, SYSTEM, act, cause, at=now, end=end)


def _silent_end(act: Listening, over: datetime | None) -> tuple[datetime, str]:
    """Return when and how an act ends if nobody says another word, its attempt being over then or not yet."""
    return (over, "over") if over and over < act.until_at else (act.until_at, "time_up")


async def list_listenings(session: AsyncSession, attempt_id: UUID) -> list[Listening]:
    """Return every act of listening to an attempt, oldest first."""
    acts = select(Listening).where(Listening.attempt_id == attempt_id).order_by(Listening.asked_at)
    return list(await session.scalars(acts))


async def _standing(session: AsyncSession, attempt_id: UUID, *, at: datetime) -> list[Listening]:
    acts = select(Listening).where(Listening.attempt_id == attempt_id, Listening.ended_at.is_(None))
    return list(await session.scalars(acts.where(Listening.until_at > at).order_by(Listening.asked_at, Listening.id)))


async def _end(
    session: AsyncSession, who: Principal, act: Listening, outcome: str, *, at: datetime, end: datetime | None = None
) -> None:
    act.ended_at, act.outcome = end or at, outcome
    heard = act.opened_at is not None
    facts: dict[str, Fact] = {"listening": str(act.id), "outcome": outcome, "heard": heard}
    facts["ended_at"] = act.ended_at.isoformat()
    await _note(session, who, "attempt.listening_ended", act, facts, at=at)


async def _note(
    session: AsyncSession, who: Principal, action: str, act: Listening, facts: dict[str, Fact], *, at: datetime
) -> None:
    await session.flush()
    await record(session, who, action, ("attempt", act.attempt_id), at=at, region=act.region, facts=facts)
