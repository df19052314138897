"""One act on one thing's page: done and told, or the page again with what stood in the way."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.runtime import Runtime
from exam.web.request import done

Detail = Callable[[Request[Any, Any, Any], Runtime, AsyncSession, UUID, DomainError], Awaitable[Template]]
"""Makes the page of one thing, with the problem on it."""


class Stage:
    """Where an act takes place: the request, one thing of a list at `path`, and its page."""

    def __init__(
        self,
        request: Request[Any, Any, Any],
        runtime: Runtime,
        session: AsyncSession,
        subject: UUID,
        *,
        path: str,
        detail: Detail,
    ) -> None:
        self._request, self._runtime, self._session = request, runtime, session
        self._subject, self._path, self._detail = subject, path, detail

    async def do(self, act: Callable[[], Awaitable[None]], message: str) -> Redirect | Template:
        """Do an act and show its subject again, or show it at once with what stood in the way."""
        try:
            async with self._session.begin_nested():
                await act()
        except DomainError as error:
            return await self._detail(self._request, self._runtime, self._session, self._subject, error)
        return done(f"{self._path}/{self._subject}", message)
