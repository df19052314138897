"""How the log stands: what is signed, what waits, and what is wrong with it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.policy import Policy, Witnessed
from exam.core.audit.proving import Head, Waiting, count_waiting, list_heads
from exam.core.audit.publication import ALARM, LogPublication
from exam.core.audit.sequencing import log_size

PATIENCE = timedelta(seconds=120)
"""How long an entry may wait and a head may be old before that is an alarm."""


class Alarm(msgspec.Struct, frozen=True):
    """Something that must not be: a code for programs, a Chinese sentence over `fields` for people."""

    code: str
    message: str
    fields: dict[str, int | str] = {}
    since: datetime | None = None


class LogStanding(msgspec.Struct, frozen=True, kw_only=True):
    """The log as the database and the published files have it; `size` counts ordered entries."""

    size: int
    policy: Policy | None
    newest: Witnessed | None
    witnessed: Witnessed | None
    heads: list[Head]
    waiting: Waiting
    stopped: Alarm | None
    """What the signer itself says keeps it from signing."""

    def alarms(self, now: datetime) -> list[Alarm]:
        """Return what is wrong, the gravest first."""
        return [*self._betrayed(), *self._silent(now)]

    def _betrayed(self) -> Iterator[Alarm]:
        if self.stopped:
            yield self.stopped
        signed = max((each.checkpoint.size for each in (self.newest, self.witnessed) if each), default=0)
        if self.size < signed:
            fields: dict[str, int | str] = {"size": self.size, "signed": signed}
            yield Alarm("log_behind", "数据库中的日志只有 {size} 条,而已签署到 {signed} 条。", fields)

    def _silent(self, now: datetime) -> Iterator[Alarm]:
        last = self.heads[0].published_at if self.heads else None
        if last is None:
            yield Alarm("log_absent", "日志还没有签署过:签名进程没有运行。")
        elif now - last > PATIENCE:
            yield Alarm("log_silent", "签名进程没有新的检查点。", since=last)
        oldest = self.waiting.oldest_at
        if oldest and now - oldest > PATIENCE:
            yield Alarm("log_waiting", "有 {count} 条记录等待入日志过久。", {"count": self.waiting.count}, oldest)
        if self.policy and self.newest and not self.policy.has_quorum(self.newest.cosigned):
            fields: dict[str, int | str] = {"cosigned": len(self.newest.cosigned)}
            yield Alarm("not_yet_witnessed", "最新检查点只有 {cosigned} 个见证签名,未达到要求的数目。", fields)


async def is_behind(session: AsyncSession, publication: LogPublication) -> bool:
    """Tell whether the database has fewer entries in order than were signed or witnessed: an old backup is running."""
    size = await log_size(await session.connection())
    heads = (await publication.newest(), await publication.witnessed())
    return any(head is not None and size < head.checkpoint.size for head in heads)


async def log_standing(session: AsyncSession, publication: LogPublication) -> LogStanding:
    """Return how the log stands; what waits is counted in the session's scope."""
    stopped = await publication.find(ALARM)
    return LogStanding(
        size=await log_size(await session.connection()),
        policy=await publication.policy(),
        newest=await publication.newest(),
        witnessed=await publication.witnessed(),
        heads=await list_heads(session),
        waiting=await count_waiting(session),
        stopped=msgspec.json.decode(stopped, type=Alarm | None) if stopped else None,
    )
