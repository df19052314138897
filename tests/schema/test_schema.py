"""The migrated database is what the models say, and it refuses by itself what must never happen."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

import certs
import exam
import grading
import proctor
import questionbank
from exam.core.config import Settings
from exam.core.db.base import Base
from exam.core.db.roles import Role, role_url
from exam.core.secrets import load_secrets

PACKAGES = (exam, questionbank, grading, proctor, certs)
NOT_IMPORTED = ("exam.migrations", "exam.cli.__main__")
"""Alembic's environment and the command's entry do their work when they are imported."""

OPEN_TABLES = {
    "core_event": "every actor's transaction writes it and the worker alone reads it; it holds ids only",
    "identity_role_grant": "it is read before there is a scope, for the scope is made from it",
}
"""Tables with a `region` column that row-level security leaves open, each with its reason."""

PREFIXES = (
    "core_",
    "identity_",
    "standards_",
    "questionbank_",
    "training_",
    "sitting_",
    "delivery_",
    "proctor_",
    "grading_",
    "certs_",
    "records_",
    "reports_",
)

Connection = psycopg.Connection[tuple[Any, ...]]


def _import_all() -> None:
    for package in PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(NOT_IMPORTED):
                importlib.import_module(module.name)


def _described(_item: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:  # noqa: FBT001
    """Leave out what models do not describe: indexes and partitions, which are the migrations' own, and Alembic's table."""
    return kind != "index" and not (kind == "table" and (name == "core_schema_version" or _partition(name)))


def _partition(name: str | None) -> bool:
    return bool(name and re.fullmatch(r"records_sum(_industry)?_(\d{4}|default)", name))


@pytest.fixture
def admin(settings: Settings) -> Iterator[Connection]:
    """Look at the catalogue as the administrator."""
    with psycopg.connect(settings.database_url) as connection:
        yield connection


def _connect(settings: Settings, role: Role) -> Connection:
    url = role_url(settings.database_url, load_secrets(settings).roles, role).set(drivername="postgresql")
    return psycopg.connect(url.render_as_string(hide_password=False))


def _column(connection: Connection, query: str) -> list[Any]:
    return [row[0] for row in connection.execute(query.encode())]


APPEND_ONLY = """
    select relname from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where tgname = relname || '_append_only' order by 1
"""
TABLES = "select tablename from pg_tables where schemaname = 'public' order by 1"


def test_models_and_migrated_database_agree(settings: Settings) -> None:
    _import_all()
    engine = create_engine(make_url(settings.database_url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": _described, "compare_type": True})
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert differences == []


def test_every_table_is_named_by_its_package(admin: Connection) -> None:
    strangers = [name for name in _column(admin, TABLES) if not name.startswith(PREFIXES)]
    assert strangers == []


def test_every_table_of_a_region_is_behind_row_level_security(admin: Connection) -> None:
    with_region = """
        select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity
          and a.attname = 'region' and not a.attisdropped order by 1
    """
    assert _column(admin, with_region) == sorted(OPEN_TABLES)


def test_every_table_behind_row_level_security_has_a_policy(admin: Connection) -> None:
    without = """
        select relname from pg_class c where relnamespace = 'public'::regnamespace and relrowsecurity
          and not exists (select 1 from pg_policy p where p.polrelid = c.oid)
    """
    assert _column(admin, without) == []


def test_no_policy_is_forced_on_the_owner(admin: Connection) -> None:
    assert _column(admin, "select relname from pg_class where relforcerowsecurity") == []


def test_no_foreign_key_deletes_by_itself(admin: Connection) -> None:
    cascading = """
        select conname from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace
          and (confdeltype <> 'a' or confupdtype <> 'a')
    """
    assert _column(admin, cascading) == []


def test_no_application_role_owns_or_may_truncate_a_table(admin: Connection) -> None:
    owned = "select tablename from pg_tables where schemaname = 'public' and tableowner <> 'ankao_owner'"
    assert _column(admin, owned) == []
    truncating = """
        select table_name || ' ' || grantee from information_schema.role_table_grants
        where table_schema = 'public' and privilege_type = 'TRUNCATE' and grantee <> 'ankao_owner'
    """
    assert _column(admin, truncating) == []


def test_no_role_is_a_superuser_or_passes_row_level_security(admin: Connection) -> None:
    strong = "select rolname from pg_roles where rolsuper or rolbypassrls or rolcreaterole or rolcreatedb"
    assert set(_column(admin, strong)).isdisjoint(Role)


def test_functions_that_act_as_the_owner_pin_their_search_path(admin: Connection) -> None:
    loose = """
        select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef
          and not coalesce(proconfig::text, '') like '%search_path=%'
    """
    assert _column(admin, loose) == []


def test_functions_that_act_as_the_owner_are_not_for_everybody(admin: Connection) -> None:
    everybody = """
        select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef
          and prorettype <> 'trigger'::regtype and has_function_privilege('ankao_public', oid, 'execute')
          and proname !~ '^(certs|desks|training)_public_'
    """
    assert _column(admin, everybody) == []


def test_the_ledger_and_the_facts_are_append_only(admin: Connection) -> None:
    append_only = set(_column(admin, APPEND_ONLY))
    assert {"core_audit_entry", "core_event", "core_event_delivery"} <= append_only


@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
@pytest.mark.parametrize("role", [Role.APP, Role.BANK, Role.ANSWER, Role.LEDGER, Role.MONITOR, Role.PUBLIC])
def test_no_role_is_granted_to_change_an_append_only_table(admin: Connection, role: Role, verb: str) -> None:
    granted = f"""
        select c.relname from ({APPEND_ONLY.replace("order by 1", "")}) t join pg_class c on c.relname = t.relname
        where c.relnamespace = 'public'::regnamespace and has_table_privilege('{role}', c.oid, '{verb}')
    """
    assert _column(admin, granted) == []


def test_append_only_tables_refuse_the_application(settings: Settings, admin: Connection) -> None:
    for table in _column(admin, APPEND_ONLY):
        for statement in (f"delete from {table}", f"update {table} set ctid = ctid", f"truncate {table}"):
            with _connect(settings, Role.APP) as connection, pytest.raises(psycopg.Error):
                connection.execute(statement.encode())


def test_append_only_tables_refuse_even_their_owner(settings: Settings, admin: Connection) -> None:
    """Row triggers speak when there is a row; the truncate trigger speaks at once, and both are in place together."""
    for table in _column(admin, APPEND_ONLY):
        with _connect(settings, Role.OWNER) as connection, pytest.raises(psycopg.Error, match="append-only"):
            connection.execute(f"truncate {table} cascade".encode())


def test_the_web_role_cannot_read_items_and_the_public_role_no_table(admin: Connection) -> None:
    readable = """
        select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
          and has_table_privilege('{}', oid, 'select')
    """
    assert _column(admin, readable.format(Role.PUBLIC)) == []
    for role in (Role.APP, Role.ANSWER):
        assert [name for name in _column(admin, readable.format(role)) if name.startswith("questionbank_item")] == []
