"""The scope of a transaction: what row-level security lets its statements see."""

from uuid import UUID

import msgspec
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, SessionTransaction


class Scope(msgspec.Struct, frozen=True):
    """Exactly one of the three is set for a person at work; none set means no rows (DESIGN.md §6.6)."""

    region: str = ""
    person: UUID | None = None
    organisation: UUID | None = None


NOTHING = Scope()
SCOPE_KEY = "ankao_scope"

# set_config with is_local, because SET LOCAL takes no bound values
_SET = (
    "select set_config('ankao.region', %s, true), set_config('ankao.person', %s, true),"
    " set_config('ankao.organisation', %s, true)"
)


@event.listens_for(Session, "after_begin")
def _apply_scope(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    """Set the scope at every begin: a commit in the middle of a request drops what was local to its transaction.

    For the same reason nothing is set where the scope is nothing: no earlier transaction of the connection has left any.
    """
    scope: Scope = session.info.get(SCOPE_KEY, NOTHING)
    if scope != NOTHING:
        connection.exec_driver_sql(_SET, (scope.region, str(scope.person or ""), str(scope.organisation or "")))
