"""One row of every guarded table at each place a caller may stand to, and what a scope is shown of them.

The rows of one place share one id over all tables, so that each refers to its neighbours there by whatever column; they are
written past triggers, foreign keys and checks, for row-level security alone is asked.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from exam.core.config import Settings
from exam.core.db.roles import Role, role_url
from exam.core.db.scope import Scope
from exam.core.secrets import load_secrets

OWN, OTHER, SIBLING, PARENT, CHILD, DELETED = "own", "other", "sibling", "parent", "child", "deleted"
REGIONS = {
    OWN: "33/3301",
    OTHER: "33/3301",
    SIBLING: "33/3302",
    PARENT: "33",
    CHILD: "33/3301/330106",
    DELETED: "33/3301",
}
"""Place → region: `own` is the caller's region, body and person; `other` is somebody else's in the same region."""
IDS = {place: UUID(int=0x0197A2B4_0000_7000_8000_000000000000 + number) for number, place in enumerate(REGIONS, 1)}

Connection = psycopg.Connection[tuple[Any, ...]]

_COLUMNS = """
    select c.relname, a.attname, format_type(a.atttypid, null) from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and (a.attnotnull or a.attname in ('id', 'region') or a.attname like '%_id') and a.attidentity = ''
    order by 1, a.attnum
"""
_CHECKS = """
    select conrelid::regclass::text, conname from pg_constraint
    where contype = 'c' and connamespace = 'public'::regnamespace and conislocal and conrelid <> 0
"""
_GUARDED = """
    select relname from pg_class
    where relnamespace = 'public'::regnamespace and relrowsecurity and not relispartition order by 1
"""
_SCOPE = """
    select set_config('ankao.region', %s, true), set_config('ankao.person', %s, true),
        set_config('ankao.organisation', %s, true)
"""
_STATES = {("records_credit_decision", "state"): "confirmed", ("identity_role_grant", "role"): "proctor"}
"""Columns that are read beside the place: (table, column) → value."""


class Places:
    """A database with one row of each table at every place; as the application's roles it is read without any filter."""

    def __init__(self, settings: Settings, unguarded: tuple[str, ...] = ()) -> None:
        passwords = load_secrets(settings).roles
        urls = {role: role_url(settings.database_url, passwords, role) for role in (Role.APP, Role.BANK)}
        self._readers = {
            role: psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
            for role, url in urls.items()
        }
        self._known: dict[tuple[Scope, str], tuple[str, ...]] = {}
        with psycopg.connect(settings.database_url) as admin:
            self.guarded = [name for (name,) in admin.execute(_GUARDED)]
            self._columns = _columns_of(admin, {*self.guarded, *unguarded})
            self._settle(admin)

    def close(self) -> None:
        """Give the connections back."""
        for connection in self._readers.values():
            connection.close()

    def shown(self, scope: Scope, table: str) -> tuple[str, ...]:
        """Return the places whose row of the table the scope is shown."""
        if (scope, table) not in self._known:
            self._known[scope, table] = self._look(scope, table)
        return self._known[scope, table]

    def _settle(self, admin: Connection) -> None:
        for table, name in admin.execute(_CHECKS).fetchall():
            if table in self._columns:
                _run(admin, "alter table {} drop constraint {}", table, name)
        admin.execute("set session_replication_role = replica")
        for table, typed in self._columns.items():
            for place in REGIONS:
                _insert(admin, table, typed, place)
            key, kind = self._key(table)
            _run(admin, "delete from {} where {} = %s", table, key, values=[_value(key, kind, DELETED)])

    def _look(self, scope: Scope, table: str) -> tuple[str, ...]:
        key, kind = self._key(table)
        reader = self._readers[Role.BANK if self._is_of_the_bank(table) else Role.APP]
        with reader.transaction():
            reader.execute(_SCOPE, (scope.region, str(scope.person or ""), str(scope.organisation or "")))
            rows = {str(row[0]) for row in _run(reader, "select {1} from {0}", table, key)}
        return tuple(place for place in REGIONS if str(_value(key, kind, place)) in rows)

    def _is_of_the_bank(self, table: str) -> bool:
        asked = self._readers[Role.APP].execute("select has_table_privilege(%s, 'select')", [table])
        return asked.fetchone() == (False,)

    def _key(self, table: str) -> tuple[str, str]:
        """Return the column that tells a row's place, and its type."""
        typed = self._columns[table]
        return next(
            (column for column in typed if column[0] == "id"),
            next((column for column in typed if column[1] == "uuid"), ("day_on", "date")),
        )


def _columns_of(admin: Connection, tables: set[str]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in admin.execute(_COLUMNS):
        if table in tables:
            found.setdefault(table, []).append((column, kind))
    return found


def _insert(admin: Connection, table: str, typed: list[tuple[str, str]], place: str) -> None:
    values = [_STATES.get((table, column)) or _value(column, kind, place) for column, kind in typed]
    marks = ", ".join(f"%s::{kind}" for _, kind in typed)
    columns = ", ".join(["{}"] * len(typed))
    _run(admin, f"insert into {{}} ({columns}) values ({marks})", table, *(name for name, _ in typed), values=values)


def _run(connection: Connection, text: str, *names: str, values: Sequence[object] = ()) -> psycopg.Cursor[Any]:
    # the statements are this module's own words and the catalogue's
    query = sql.SQL(text).format(*map(sql.Identifier, names))
    return connection.execute(query, values)


def _value(column: str, kind: str, place: str) -> object:
    """Return something of the type, unlike the values of other places where a key may ask for that."""
    if column == "region":
        return REGIONS[place]
    if kind.endswith("[]") or kind == "jsonb":
        return "{}"
    number = list(REGIONS).index(place) + 1
    plain: dict[str, object] = {
        "uuid": IDS[place],
        "boolean": True,
        "bytea": bytes([number]),
        "date": f"2026-01-0{number}",
        "timestamp with time zone": f"2026-01-0{number}T00:00Z",
    }
    return plain.get(kind, place if kind in {"text", "character varying"} else number)
