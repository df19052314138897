"""The state of the system in figures, for its administrator: no personal data, nothing of any exam."""

import asyncio
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.runtime import Runtime

GIGABYTE = 1024**3
ALIVE_S = 60
"""Seconds without a sign of life after which a worker counts as gone; it writes one every ten."""
QUEUE_WARN = 1000
DISK_WARN, DISK_BAD = 20, 10
"""Percent of free disk below which a person should act."""

Tone = Literal["ok", "warn", "bad", "off"]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the page; `title`, `word` and `note` are msgids, `note` filled with `figures`."""

    title: str
    tone: Tone
    word: str
    note: str = ""
    figures: dict[str, Any] = {}


_DATABASE = text(
    "select current_setting('server_version') as version, pg_database_size(current_database()) as size,"
    " (select count(*) from pg_stat_activity where datname = current_database()) as connections,"
    " current_setting('max_connections')::int as most",
)
_WORKERS = text("select last_heartbeat from jobs.procrastinate_workers")
_QUEUE = text("select status::text as status, count(*) as jobs from jobs.procrastinate_jobs group by status")
_OLDEST = text(
    "select min(e.at) from jobs.procrastinate_jobs j join jobs.procrastinate_events e on e.job_id = j.id"
    " and e.type = 'deferred' where j.status = 'todo' and (j.scheduled_at is null or j.scheduled_at <= :at)",
)


async def read_status(runtime: Runtime, session: AsyncSession) -> list[Part]:
    """Measure everything once; a part that is away is a line and not an error."""
    now = runtime.clock.now()
    return [
        Part(title="网页服务", tone="ok", word="正常", note="本页由它给出。"),
        await _database(session),
        await _valkey(runtime),
        await _workers(session, now),
        await _queue(session, now),
        await asyncio.to_thread(_disk, runtime.settings.data_dir),
    ]


async def _database(session: AsyncSession) -> Part:
    row = (await session.execute(_DATABASE)).one()
    note = "PostgreSQL {version},占用 {size} GB,连接 {connections} / {most}"
    figures = {"version": row.version.split(" ")[0], "size": f"{row.size / GIGABYTE:.2f}"}
    figures |= {"connections": row.connections, "most": row.most}
    crowded = row.connections > row.most * 0.8
    tone: Tone = "warn" if crowded else "ok"
    return Part(title="数据库", tone=tone, word="连接紧张" if crowded else "正常", note=note, figures=figures)


async def _valkey(runtime: Runtime) -> Part:
    try:
        facts = await runtime.valkey.info()
    except (RedisError, OSError):
        note = "答题和评分不受影响;监考画面刷新和登录限速暂停。"
        return Part(title="消息与限速", tone="warn", word="连接不上", note=note)
    figures = {"size": f"{facts.get('used_memory', 0) / 1024**2:.1f}", "clients": facts.get("connected_clients", 0)}
    return Part(
        title="消息与限速", tone="ok", word="正常", note="Valkey,占用 {size} MB,连接 {clients}", figures=figures
    )


async def _workers(session: AsyncSession, now: datetime) -> Part:
    beats = list(await session.scalars(_WORKERS))
    alive = sum(1 for beat in beats if abs((now - beat).total_seconds()) <= ALIVE_S)
    if not alive:
        note = "后台任务会排队等候,恢复后自动补办。请在服务器上检查 ankao worker。"
        return Part(title="后台任务进程", tone="bad", word="没有运行", note=note)
    return Part(title="后台任务进程", tone="ok", word="正常", note="{alive} 个进程在运行", figures={"alive": alive})


async def _queue(session: AsyncSession, now: datetime) -> Part:
    counts: dict[str, int] = {row.status: row.jobs for row in await session.execute(_QUEUE)}
    waiting, failed = counts.get("todo", 0), counts.get("failed", 0)
    oldest = await session.scalar(_OLDEST, {"at": now})
    minutes = max(0, int((now - oldest).total_seconds() // 60)) if oldest else 0
    figures = {"waiting": waiting, "failed": failed, "minutes": minutes}
    note = "等候 {waiting} 项,最久 {minutes} 分钟;失败 {failed} 项"
    tone: Tone = "warn" if failed or waiting > QUEUE_WARN else "ok"
    return Part(title="任务队列", tone=tone, word="需要查看" if tone == "warn" else "正常", note=note, figures=figures)


def _disk(folder: Path) -> Part:
    usage = shutil.disk_usage(folder)
    free = usage.free * 100 // usage.total
    tone: Tone = "bad" if free < DISK_BAD else "warn" if free < DISK_WARN else "ok"
    word = {"ok": "正常", "warn": "空间偏少", "bad": "空间不足"}[tone]
    figures = {"free": f"{usage.free / GIGABYTE:.0f}", "total": f"{usage.total / GIGABYTE:.0f}", "percent": free}
    return Part(title="磁盘", tone=tone, word=word, note="可用 {free} GB / 共 {total} GB({percent}%)", figures=figures)
