"""`ankao bench items`: searches and an import over a generated bank, against what an author may wait for."""

import asyncio
import time
from urllib.parse import urlencode

import psycopg

from exam.app import compose_runtime
from exam.cli.bench.bringing_in import bring_in
from exam.cli.bench.machine import describe_machine
from exam.cli.bench.report import Figure, Report
from exam.cli.bench.stack import Scratch, scratch
from exam.cli.bench.visiting import visit_times
from exam.cli.demonstration.province import build_province
from exam.cli.simulation.staff import StaffRoom, read_demo

LIMIT_MS, LIMIT_S = 200.0, 20.0
VISITS, MIDDLE_OF_20, SLOWEST_OF_20 = 20, 10, 18
"""Of twenty visits the nineteenth is the 95th percentile."""
SEARCHES = {
    "everything": {},
    "two_characters": {"q": "验电"},
    "word": {"q": "验电器"},
    "words": {"q": "受限空间 监护"},
    "sentence": {"q": "低压验电器使用前应当"},
    "nothing": {"q": "没有这样的词语"},
    "node": {"qualification": "special.1.2", "node": "3"},
    "law": {"law": "GB 30012"},
    "hard_choices": {"interaction": "choice", "low": "60", "state": "published"},
    "all_together": {
        "q": "配电箱",
        "qualification": "special.1.2",
        "node": "3",
        "interaction": "choice",
        "low": "30",
        "high": "90",
        "law": "GB",
        "state": "published",
    },
}
_THINGS = "(array['低压验电器','电焊机','配电箱','绝缘手套','接地线','登高作业','受限空间','动火作业','吊装作业','高处作业','临时用电','盲板'])"
_WHEN = "(array['使用前应当','检修时必须','验收时可以','停用后不得','运行中应当','移动前必须','安装时应当'])"
_WHAT = "(array['检查外观和试验标志','办理许可证并经审批','由持证人员两人进行','切断电源并上锁','检测合格','设专人监护','清理可燃物'])"


def _sentence(factor: int) -> str:
    """Return SQL for a sentence of item `n`, another one for each factor."""
    return (
        f"{_THINGS}[1 + (n * {factor}) % 12] || {_WHEN}[1 + (n / 5 * {factor}) % 7]"
        f" || {_WHAT}[1 + (n / 11 * {factor}) % 7] || n * {factor}"
    )


_OPTIONS = ", ".join(
    f"jsonb_build_object('id', '{letter}', 'text', {_sentence(factor)})"
    for letter, factor in zip("ABCD", (3, 7, 11, 13), strict=True)
)
_FILL = (
    f"""
    create temporary table made as select n, md5('i' || n)::uuid as id, n % 100 as difficulty,
        (1 + n % 9) || '.' || (1 + n % 7) as node,
        (array['special.1.2', 'special.2.1', 'special.3.1', 'officer.general', 'principal.general'])[1 + n % 5] as code,
        now() - n * interval '1 minute' as at,
        jsonb_build_object('interaction', 'choice', 'stem', {_sentence(1)}, 'options', jsonb_build_array({_OPTIONS}),
            'key', jsonb_build_array('A'), 'explanation', {_sentence(17)}, 'basis', 'GB ' || 30000 + n % 300) as content
    from generate_series(1, ITEMS) n
    """,
    """
    insert into questionbank_item (id, qualification, region, state, version, interaction, node, stem, author_id,
        created_at, changed_at)
    select id, code, '33', 'draft', 1, 'choice', node, content->>'stem', md5('author')::uuid, at, at from made
    """,
    """
    insert into questionbank_item_version (id, item_id, number, region, content, digest, node, depth, difficulty,
        author_id, author_name, created_at)
    select gen_random_uuid(), id, 1, '33', content, encode(sha256(content::text::bytea), 'hex'), node, 'grasp', difficulty,
        md5('author')::uuid, '', at from made
    """,
    *(
        f"insert into questionbank_item_event (id, item_id, region, act, version, account_id, account_name, reason, at)"
        f" select gen_random_uuid(), id, '33', '{act}', 1, md5('{who}')::uuid, '', '', at from made"
        for act, who in (
            ("drafted", "author"),
            ("submitted", "author"),
            ("approved", "reviewer"),
            ("published", "publisher"),
        )
    ),
    "vacuum analyze questionbank_item",
    "vacuum analyze questionbank_item_version",
    "vacuum analyze questionbank_item_event",
)


def bench_items(*, items: int, rows: int) -> Report:
    """Time an author's searches over HTTP in a bank of `items` items beside the demo's own, then the import of `rows` more."""
    machine = describe_machine()
    with scratch() as place:
        asyncio.run(_build(place))
        before = time.perf_counter()
        _fill(place.settings.database_url, items)
        filled_s = time.perf_counter() - before
        with place.server("exam.cli", "web", ready="/health/live") as web:
            times, brought = asyncio.run(_visit(place, web.url(""), rows))
        imported = _count(place.settings.database_url)
    figures = {
        "items": Figure(items, "1"),
        "filled": Figure(filled_s, "s"),
        **{name: Figure(value, "ms") for name, value in times.items()},
    }
    figures |= {
        "rows": Figure(rows, "1"),
        "imported": Figure(imported, "1"),
        **{name: Figure(value, "s") for name, value in brought.items()},
    }
    against = {
        "slowest_search_p95_over_200_ms": max(times[f"{name}_p95"] for name in SEARCHES) / LIMIT_MS,
        "import_over_20_s": sum(brought.values()) / LIMIT_S,
    }
    return Report("items", figures, against, machine)


async def _build(place: Scratch) -> None:
    runtime = compose_runtime(place.settings)
    try:
        await build_province(runtime)
    finally:
        await runtime.close()


def _fill(database_url: str, items: int) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in _FILL:
            connection.execute(statement.replace("ITEMS", str(items)).encode())


def _count(database_url: str) -> int:
    """Return how many rows of the workbook are items now: what was refused as a twin would have been no work."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute("select count(*) from questionbank_item where stem like '第 % 号作业区%'").fetchone()
    return int(row[0]) if row else 0


async def _visit(place: Scratch, url: str, rows: int) -> tuple[dict[str, float], dict[str, float]]:
    staff = StaffRoom(url, read_demo(place.settings.data_dir))
    try:
        wire = await staff.wire("author")
        times: dict[str, float] = {}
        for name, asked in SEARCHES.items():
            visits = await visit_times(wire, f"/bank/items?{urlencode(asked)}", VISITS)
            times |= {f"{name}_median": visits[MIDDLE_OF_20], f"{name}_p95": visits[SLOWEST_OF_20]}
        return times, await bring_in(wire, rows)
    finally:
        await staff.close()
