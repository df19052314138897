"""The reports of a learner's page: raw ASGI in front of the framework, known by the lease, which ends with the log-in."""

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any

import msgspec
import structlog
from litestar import Litestar
from litestar.types import Receive, Scope, Send
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.scope import Scope as DatabaseScope
from exam.core.errors import DomainError
from exam.core.runtime import Runtime
from exam.training.ledger.judging import Beat
from exam.training.lessons.errors import BeatFormError, StudyLeaseError
from exam.training.lessons.lease import StudyLease, chain, check
from exam.training.lessons.standing import StudyAnswer
from exam.training.lessons.study import take_answer, take_beat
from exam.web.front import read_body
from exam.web.problem import problem_of

LEASE_HEADER = b"ankao-study"
MOST_BYTES = 2048
Header = tuple[bytes, bytes]
JSON: Header = (b"content-type", b"application/json")
PROBLEM: Header = (b"content-type", b"application/problem+json")
NOT_STORED: Header = (b"cache-control", b"no-store")


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to a presence check; None for a tap."""

    choice: int | None = None


class Told(msgspec.Struct, frozen=True):
    """The answer as the page gets it: where the study stands, and what the next beat echoes."""

    after: str
    study: StudyAnswer


class StudyPath(ABC):
    """One process's route for beats, or for answers."""

    def __init__(self, app: Litestar) -> None:
        self._app = app
        self._runtime: Runtime = app.state.runtime

    async def __call__(self, visit: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve `POST /api/study/{visit}/…`."""
        at = self._runtime.clock.now()
        try:
            lease = self._lease(scope, visit)
            body = await read_body(receive, most=MOST_BYTES, too_large=BeatFormError)
            async with self._runtime.databases.transaction(DatabaseScope(person=lease.person)) as session:
                study = await self.take(session, lease, body, at)
            told = Told(chain(lease.visit, study.seq, self._runtime.secrets.lease), study)
            await _send(send, 200, msgspec.json.encode(told), JSON, NOT_STORED)
        except Exception as error:  # noqa: BLE001  # the edge: nothing above would answer
            await self._refuse(send, error)

    @abstractmethod
    async def take(self, session: AsyncSession, lease: StudyLease, body: bytes, at: datetime) -> StudyAnswer:
        """Take the message in."""

    def _lease(self, scope: Scope, visit: str) -> StudyLease:
        for name, value in scope["headers"]:
            if name == LEASE_HEADER:
                lease = check(value.decode("latin-1"), self._runtime.secrets.lease)
                if visit in {str(lease.visit), lease.visit.hex}:
                    return lease
        raise StudyLeaseError

    async def _refuse(self, send: Send, error: Exception) -> None:
        problem = problem_of(error, self._app.state.catalogue)
        if not isinstance(error, DomainError):
            structlog.get_logger().error("study_path", incident=problem.incident)
        await _send(send, problem.status, msgspec.json.encode(problem), PROBLEM, NOT_STORED)


class BeatPath(StudyPath):
    """`POST /api/study/{visit}/beat`."""

    async def take(self, session: AsyncSession, lease: StudyLease, body: bytes, at: datetime) -> StudyAnswer:
        beat = _decode(body, Beat)
        genuine = beat.after == chain(lease.visit, beat.seq - 1, self._runtime.secrets.lease) if beat.seq else False
        return await take_beat(session, lease.person, lease.visit, beat, genuine=genuine, at=at, login=lease.login)


class AnswerPath(StudyPath):
    """`POST /api/study/{visit}/answer`."""

    async def take(self, session: AsyncSession, lease: StudyLease, body: bytes, at: datetime) -> StudyAnswer:
        choice = _decode(body, Choice).choice
        return await take_answer(session, lease.person, lease.visit, choice, at=at, login=lease.login)


def _decode(body: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError:
        raise BeatFormError from None


async def _send(send: Send, status: int, body: bytes, *headers: Header) -> None:
    length = (b"content-length", b"%d" % len(body))
    start: Any = {"type": "http.response.start", "status": status, "headers": (*headers, length)}
    await send(start)
    await send({"type": "http.response.body", "body": body, "more_body": False})
