"""Debian's own PostgreSQL and Redis for a test run: `python -m tests.debian_services COMMAND …` runs the command over them.

Both are private instances in a scratch directory: PostgreSQL on a loopback port with passwords, as production has it, and
Redis on a socket. What was started is stopped; servers of the system are left alone.
"""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_urlsafe

import psycopg
from psycopg import sql

from exam.cli.bench.stack import HOST, free_port
from exam.core.embedded.postgres import ADMIN, DATABASE, FAST_AND_LOSSY, EmbeddedPostgres, find_debian_binaries
from exam.core.embedded.process import end, spawn
from exam.core.embedded.valkey import EmbeddedValkey
from tests.services import SHARED, memory

HBA = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


@contextmanager
def debian_services(folder: Path) -> Iterator[dict[str, str]]:
    """Run both servers for as long as the block lasts; yield what the environment must say of them."""
    server = shutil.which("redis-server")
    if server is None:
        sys.exit("Redis is not installed (Debian: apt-get install redis-server).")
    port = free_port()
    options = {**FAST_AND_LOSSY, "listen_addresses": HOST, "port": str(port)}
    postgres = EmbeddedPostgres(folder / "pg", options=options, binaries=find_debian_binaries())
    redis = EmbeddedValkey(folder / "redis", server=server)
    with ExitStack() as stack:
        for each in (postgres, redis):
            stack.callback(each.stop)
            each.start()
        password = _ask_for_passwords(postgres)
        url = f"postgresql://{ADMIN}:{password}@{HOST}:{port}/postgres"
        yield {"DATABASE_URL": url, "VALKEY_URL": redis.url, SHARED: str(folder / "shared")}


def _ask_for_passwords(postgres: EmbeddedPostgres) -> str:
    """Set the administrator's password and demand one from whoever comes over the port; return it."""
    password = token_urlsafe(24)
    (postgres.data / "pg_hba.conf").write_text(HBA, encoding="ascii")
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        role, word = sql.Identifier(ADMIN), sql.Literal(password)
        connection.execute(sql.SQL("alter role {} password {}").format(role, word))
        connection.execute("select pg_reload_conf()")
        connection.execute(sql.SQL("drop database {}").format(sql.Identifier(DATABASE)))  # tests want an empty server
        found = connection.execute("show server_version").fetchone()
    print(f"PostgreSQL {found[0] if found else '?'} and Redis of this system", flush=True)  # noqa: T201  # the run's log
    return password


def main(command: list[str]) -> int:
    """Run a command over the servers and return its exit code; a SIGTERM ends both as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        tempfile.TemporaryDirectory(prefix="ankao-debian-", dir=memory()) as folder,
        debian_services(Path(folder)) as names,
    ):
        process = spawn(command, env={**os.environ, **names})
        try:
            return process.wait()
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
        finally:
            end(process)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
