"""Whether an idle connection is still there, seen from this side alone: no statement is sent for it."""

import select
from typing import Any

import psycopg
from psycopg.pq import ConnStatus


def is_lost(connection: psycopg.AsyncConnection[Any]) -> bool:
    """Tell whether an idle connection has ended, or has heard something that nobody asked for.

    A server that ends says so on the socket, and an idle one is silent. One that vanished without a word, as behind a
    cut cable, is found out by the statement that comes next.
    """
    postgres = connection.pgconn
    if postgres.status != ConnStatus.OK:
        return True
    waiting = select.poll()
    waiting.register(postgres.socket, select.POLLIN)
    return bool(waiting.poll(0))
