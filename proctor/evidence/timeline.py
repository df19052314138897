"""One time axis for an attempt: answers, acts, messages, camera, and what is kept of the picture."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.runtime import Runtime
from exam.delivery.api import ActView, AttemptView, ended_at, list_acts, list_arrivals, list_messages
from exam.identity.api import names_of_accounts
from proctor.desk.reasons import reason_words
from proctor.duty.board import duty_history
from proctor.evidence.recordings import SegmentView, list_room_segments, list_segments
from proctor.incidents.cases import DISPOSITION_WORDS, FINDING_WORDS, list_incidents
from proctor.incidents.observations import KIND_WORDS, list_camera_observations, list_observations
from proctor.media.listening import list_listenings
from proctor.media.models import Consent, Listening, Waiver
from proctor.media.seats import WAIVER_REASONS

LANES = (
    "attempt",
    "answers",
    "acts",
    "duty",
    "messages",
    "camera",
    "observation",
    "incident",
    "video",
    "room",
    "room_observation",
)
LANE_WORDS = {
    "attempt": "考试过程",
    "answers": "作答",
    "acts": "监考操作",
    "duty": "考场值守",
    "messages": "消息",
    "camera": "摄像头",
    "observation": "系统观察",
    "incident": "异常事件",
    "video": "录像",
    "room": "考场录像",
    "room_observation": "考场观察",
}
ACT_WORDS = {
    "admitted": "核验入场",
    "transferred": "换机",
    "paused": "暂停",
    "resumed": "恢复",
    "extended": "延时",
    "ended": "收卷",
    "voided": "作废",
}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened, or went on from `at` until `until`; `word` with `fields`, `reason` and `ready` are msgids,
    `note` free text.
    """

    at: datetime
    lane: str
    word: str
    until: datetime | None = None
    fields: dict[str, str | int] = {}
    reason: str = ""
    ready: str = ""
    note: str = ""
    actor: str = ""
    ref: str = ""


async def timeline_of(session: AsyncSession, runtime: Runtime, attempt: AttemptView) -> list[Entry]:
    """Return everything that is known of an attempt in order of time."""
    acts = await list_acts(session, attempt.id)
    messages = await list_messages(session, attempt.id)
    actors = {each.actor for each in acts} | {each.sent_by for each in messages}
    waivers = list(await session.scalars(select(Waiver).where(Waiver.attempt_id == attempt.id)))
    listenings = await list_listenings(session, attempt.id)
    actors |= {each.actor for each in waivers} | {each.account for each in listenings}
    names = await names_of_accounts(session, [each for each in actors if each])
    over = await ended_at(session, attempt)
    until = over or runtime.clock.now()
    found = [*_course(attempt, over)]
    found += [_act(each, names.get(each.actor, "")) for each in acts if each.actor]
    found += [
        Entry(at=each.at, lane="answers", word="第 {slot} 题保存", fields={"slot": each.slot})
        for each in await list_arrivals(session, attempt.id)
    ]
    for each in messages:
        sender = names.get(each.sent_by, "") if each.sent_by else ""
        word, why = "监考员发消息", reason_words("messaged", each.reason)
        ready, note = (each.text, "") if each.ready else ("", each.text)
        found.append(
            Entry(at=each.sent_at, lane="messages", word=word, reason=why, ready=ready, note=note, actor=sender)
        )
        if each.acknowledged_at:
            found.append(Entry(at=each.acknowledged_at, lane="messages", word="考生确认消息"))
    for waiver in waivers:
        who = names.get(waiver.actor, "")
        why = dict(WAIVER_REASONS).get(waiver.reason, waiver.reason)
        found.append(
            Entry(at=waiver.at, lane="camera", word="准许不使用摄像头", reason=why, note=waiver.note, actor=who)
        )
    found += [_heard(each, over, names.get(each.account, "")) for each in listenings]
    found += await _consents(session, attempt.id)
    found += await _duty(session, attempt, until=until)
    found += await _incidents(session, attempt.id)
    found += _videos("video", await list_segments(session, attempt.id))
    found += _videos("room", await list_room_segments(session, attempt, until=until))
    found += await _room_observations(session, attempt, until=until)
    return sorted(found, key=lambda entry: (entry.at, LANES.index(entry.lane)))


def _course(attempt: AttemptView, over: datetime | None) -> Iterable[Entry]:
    yield Entry(at=attempt.checked_in_at, lane="attempt", word="签到")
    if attempt.started_at:
        yield Entry(at=attempt.started_at, lane="attempt", word="开始作答", until=over)
    if attempt.finalised_at:
        word = "交卷" if attempt.submitted_at else "到时收卷"
        yield Entry(at=attempt.finalised_at, lane="attempt", word=word)


def _act(act: ActView, actor: str) -> Entry:
    return Entry(
        at=act.at,
        lane="acts",
        word=ACT_WORDS.get(act.act, act.act),
        reason=reason_words(act.act, act.reason),
        note=act.note,
        actor=actor,
    )


def _heard(act: Listening, over: datetime | None, actor: str) -> Entry:
    """Return from when to when the microphone was open for a proctor, or that it did not open."""
    ends = [each for each in (act.ended_at, act.until_at, over) if each]
    return Entry(
        at=act.opened_at or act.asked_at,
        until=min(ends) if act.opened_at else None,
        lane="acts",
        word="听现场声音(不录音)" if act.opened_at else "要听现场声音,麦克风没有打开",
        reason=reason_words("listened", act.reason),
        note=act.note,
        actor=actor,
    )


async def _consents(session: AsyncSession, attempt_id: UUID) -> list[Entry]:
    rows = await session.scalars(select(Consent).where(Consent.attempt_id == attempt_id))
    words = {True: "考生同意使用摄像头(说明 {version})", False: "考生未使用摄像头"}
    return [
        Entry(
            at=row.at,
            lane="camera",
            word=words[row.agreed and row.camera == "ok"],
            fields={"version": row.text_version or "—"},
        )
        for row in rows
    ]


async def _duty(session: AsyncSession, attempt: AttemptView, *, until: datetime) -> list[Entry]:
    """Return who answered for the room while the attempt lasted, and how it went from hand to hand."""
    since = attempt.checked_in_at
    return [
        Entry(at=each.at, lane="duty", word=each.word, fields={"name": each.name, "to": each.to}, note=each.note)
        for each in await duty_history(session, attempt.room_id, since=since, until=until)
    ]


async def _incidents(session: AsyncSession, attempt_id: UUID) -> list[Entry]:
    """Return what machines saw and people wrote down; each step of an incident is an entry of its own."""
    found = [
        Entry(
            at=each.began_at,
            until=each.ended_at,
            lane="observation",
            word=KIND_WORDS.get(each.kind, each.kind),
            ref=str(each.id),
        )
        for each in await list_observations(session, attempt_id)
    ]
    for each in await list_incidents(session, attempt_id=attempt_id):
        found.append(Entry(at=each.reported_at, lane="incident", word=each.title, note=each.summary, ref=str(each.id)))
        if each.reviewed_at and each.finding:
            found.append(Entry(at=each.reviewed_at, lane="incident", word=FINDING_WORDS[each.finding]))
        if each.disposed_at and each.disposition:
            found.append(Entry(at=each.disposed_at, lane="incident", word=DISPOSITION_WORDS[each.disposition]))
    return found


async def _room_observations(session: AsyncSession, attempt: AttemptView, *, until: datetime) -> list[Entry]:
    """Return what machines saw of the room's cameras while the attempt lasted."""
    seen = await list_camera_observations(session, attempt.room_id, since=attempt.checked_in_at, until=until)
    return [
        Entry(
            at=each.began_at,
            until=each.ended_at,
            lane="room_observation",
            word=KIND_WORDS.get(each.kind, each.kind),
            ref=str(each.id),
        )
        for each in seen
    ]


def _videos(lane: str, segments: list[SegmentView]) -> list[Entry]:
    return [
        Entry(
            at=each.began_at,
            until=each.ended_at,
            lane=lane,
            word="录像已按期删除" if each.deleted else "录像" if each.complete else "录像(未正常结束)",
            ref="" if each.deleted else str(each.id),
        )
        for each in segments
    ]
