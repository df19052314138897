"""What the raw routes of an attempt share: who holds the lease, and answers written without the framework."""

import msgspec
import structlog
from litestar import Litestar
from litestar.types import Scope, Send

from exam.core.errors import DomainError
from exam.delivery.lease import Lease, LeaseInvalidError, check
from exam.delivery.responses import SlotShape
from exam.web.problem import Problem, problem_of

Header = tuple[bytes, bytes]

LEASE_HEADER = b"ankao-lease"
REMEMBERED_LEASES = 20_000

JSON: Header = (b"content-type", b"application/json")
PROBLEM: Header = (b"content-type", b"application/problem+json")
NOT_STORED: Header = (b"cache-control", b"no-store")


class Holder(msgspec.Struct):
    """Who has shown a genuine lease: `names` are the spellings of its attempt in an address.

    Whether its epoch still holds, only the database knows. `shapes` are the slots of the attempt's form, which never
    change once they are known.
    """

    lease: Lease
    names: tuple[str, str]
    shapes: list[SlotShape]


class LeaseBook:
    """The leases that a process has checked: remembering them saves the check of the same token at every request."""

    def __init__(self, secret: bytes) -> None:
        self._secrets = (secret,)
        self._holders: dict[bytes, Holder] = {}

    def holder(self, scope: Scope, attempt: str) -> Holder:
        """Return who holds the lease in the request's header if it is for this attempt; raises LeaseInvalidError."""
        for name, value in scope["headers"]:
            if name == LEASE_HEADER:
                holder = self._holders.get(value) or self._remember(value)
                if attempt in holder.names:
                    return holder
        raise LeaseInvalidError

    def _remember(self, token: bytes) -> Holder:
        lease = check(token.decode("latin-1"), self._secrets)
        if len(self._holders) >= REMEMBERED_LEASES:
            del self._holders[next(iter(self._holders))]
        holder = Holder(lease, (str(lease.attempt_id), lease.attempt_id.hex), [])
        self._holders[token] = holder
        return holder


def describe(app: Litestar, error: Exception) -> Problem:
    """Return the problem of an error, as any other route would, and log what nobody expected."""
    problem = problem_of(error, app.state.catalogue)
    if not isinstance(error, DomainError):
        structlog.get_logger().error("raw_route", incident=problem.incident)
    return problem


async def send_problem(send: Send, problem: Problem) -> None:
    """Write a problem (RFC 9457); one that may pass says when to come again."""
    wait = problem.fields.get("retry_s")
    extra: tuple[Header, ...] = ((b"retry-after", b"%d" % wait),) if isinstance(wait, int) else ()
    await send_body(send, problem.status, msgspec.json.encode(problem), PROBLEM, NOT_STORED, *extra)


async def send_body(send: Send, status: int, body: bytes, *headers: Header) -> None:
    """Write a whole answer."""
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": (*headers, length)})
    await send({"type": "http.response.body", "body": body, "more_body": False})
