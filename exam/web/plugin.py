"""What a package brings to the composition: listed bottom-up in `exam.app`, used by web and worker alike."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from litestar import Litestar
from litestar.di import Provide

from exam.core.events import Subscription
from exam.core.jobs import Job
from exam.core.reseal import SealedColumn
from exam.web.front import RawRoute


@dataclass(frozen=True)
class NavItem:
    """One entry of the navigation, shown to holders of one of `roles`; `title` is a Chinese msgid.

    The entry is marked on every page below `path`, and on the pages whose path matches one of the shell patterns in
    `also`. An entry that `leads` stands before the others.
    """

    title: str
    path: str
    roles: tuple[str, ...]
    icon: str = ""
    also: tuple[str, ...] = ()
    leads: bool = False


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """One package's part; `package` is its dotted name, where templates/, static/ and locale/ are looked for."""

    package: str
    handlers: tuple[Any, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    jobs: tuple[Job, ...] = ()
    nav: tuple[NavItem, ...] = ()
    raw: tuple[RawRoute, ...] = ()
    dependencies: Mapping[str, Provide] = field(default_factory=dict)
    """What the package gives to handlers of every package, by the name they ask for."""
    lifespan: tuple[Callable[[Litestar], AbstractAsyncContextManager[None]], ...] = ()
    """What must run beside the web process, opened at its start and closed at its end."""
    filters: Mapping[str, Callable[..., str]] = field(default_factory=dict)
    """What the package gives to templates of every package, by the name of the filter."""
    words: Mapping[str, Any] = field(default_factory=dict)
    """What the package gives to templates of every package, by the name of the global."""
    sealed: tuple[SealedColumn, ...] = ()
    """Columns of sealed values, sealed again when the keys change."""
