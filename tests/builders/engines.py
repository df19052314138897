"""Engines handed from test to test: a fresh one compiles every statement anew and asks the server who it is."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Engine, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_idle: dict[str, list[Engine]] = defaultdict(list)
_goes_to: dict[Engine, dict[str, Any]] = {}


class LentEngine(AsyncEngine):
    """An engine that is idle again, without a connection, when whoever had it is done with it."""

    __slots__ = ("_kind",)

    def __init__(self, engine: Engine, kind: str) -> None:
        super().__init__(engine)
        self._kind = kind

    async def dispose(self, close: bool = True) -> None:  # noqa: FBT001, FBT002  # the signature is SQLAlchemy's
        await super().dispose(close)
        _idle[self._kind].append(self.sync_engine)


def lend_engine(url: str, *, connect_args: dict[str, Any], **options: Any) -> AsyncEngine:
    """Stand in for `create_async_engine`: an idle engine of the same options, where there is one, goes to `url` now."""
    kind = repr(options)
    engine = _idle[kind].pop() if _idle[kind] else _make(url, options)
    _, place = engine.dialect.create_connect_args(make_url(url))
    _goes_to[engine] = {**place, **connect_args}
    return LentEngine(engine, kind)


def _make(url: str, options: dict[str, Any]) -> Engine:
    engine = create_async_engine(url, **options).sync_engine

    @event.listens_for(engine, "do_connect")
    def go(_dialect: object, _record: object, _words: object, place: dict[str, Any]) -> None:
        place.clear()
        place.update(_goes_to[engine])

    return engine
