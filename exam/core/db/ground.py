"""What an administrator of the database prepares once: roles, ownership, extensions, and then the migrations."""

from importlib.resources import files

import psycopg
from alembic import command
from alembic.config import Config as AlembicConfig
from psycopg import sql

from exam.core.db.roles import Role, role_url
from exam.core.secrets import Secrets

WANTED_EXTENSIONS = ("pg_trgm", "btree_gist")


def prepare(admin_url: str, secrets: Secrets) -> None:
    """Create or refresh the login roles and give the owner its database; safe to run again."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        # roles belong to the cluster: two preparations at once (tests) must not collide
        connection.execute("select pg_advisory_lock(4107)")
        for role in Role:
            _ensure_role(connection, role, secrets.roles.of(role))
        database = connection.info.dbname
        connection.execute(
            sql.SQL("grant create, connect on database {} to ankao_owner").format(sql.Identifier(database)),
        )
        connection.execute("grant all on schema public to ankao_owner")
        connection.execute("revoke create on schema public from public")
        for extension in WANTED_EXTENSIONS:
            connection.execute(sql.SQL("create extension if not exists {}").format(sql.Identifier(extension)))


def _ensure_role(connection: "psycopg.Connection[tuple[object, ...]]", role: Role, password: str) -> None:
    found = connection.execute("select 1 from pg_roles where rolname = %s", [role.value]).fetchone()
    verb = "alter" if found else "create"
    connection.execute(
        sql.SQL("{} role {} login password {}").format(
            sql.SQL(verb),
            sql.Identifier(role.value),
            sql.Literal(password),
        ),
    )


def migrate(admin_url: str, secrets: Secrets, *, revision: str = "head") -> None:
    """Bring the database to a revision, each in its own transaction, as the owner."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(files("exam") / "migrations"))
    config.attributes["url"] = role_url(admin_url, secrets.roles, Role.OWNER)
    command.upgrade(config, revision)
