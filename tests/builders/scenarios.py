"""Scenarios that many tests begin with: played by the product's own verbs, and put back from the second repetition on."""

from collections.abc import Callable, Coroutine
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from exam.core.clock import FrozenClock
from exam.core.runtime import Runtime
from tests.services import World

KEPT_AT_MOST = 24
"""Each is a database in memory."""

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class _Kept:
    """How a scenario left its world: a database and files under `name`, the time and what was returned."""

    name: str
    instant: datetime
    result: Any


_seen: set[str] = set()
_kept: dict[str, _Kept] = {}


def remembered(
    play: Callable[Concatenate[Runtime, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[Runtime, P], Coroutine[Any, Any, R]]:
    """Play a scenario on an untouched world once more only to keep it, and from then on put that world back."""

    @wraps(play)
    async def begin(runtime: Runtime, /, *args: P.args, **named: P.kwargs) -> R:
        world, clock = World.of(runtime.settings), runtime.clock
        if world is None or not isinstance(clock, FrozenClock) or not world.is_untouched():
            return await play(runtime, *args, **named)
        # a frozen clock among the arguments is the runtime's own
        asked = repr((args, named)).replace(repr(clock), "clock")
        key = f"{world.folder} {play.__qualname__} {clock.now()} {asked}"
        if key in _kept:
            await runtime.databases.dispose()
            if world.put_back(_kept[key].name):
                clock.instant = _kept[key].instant
                return cast("R", deepcopy(_kept[key].result))
        result = await play(runtime, *args, **named)
        if key in _seen and len(_kept) < KEPT_AT_MOST:
            await runtime.databases.dispose()
            name = f"kept_{len(_kept)}"
            if world.keep(name):
                _kept[key] = _Kept(name, clock.now(), deepcopy(result))
        _seen.add(key)
        return result

    return begin
