"""What a package brings to the composition: listed bottom-up in `exam.app`, used by web and worker alike."""

from dataclasses import dataclass
from typing import Any

from exam.core.events import Subscription
from exam.core.jobs import Job


@dataclass(frozen=True)
class NavItem:
    """One entry of the navigation, shown to holders of one of `roles`; `title` is a Chinese msgid."""

    title: str
    path: str
    roles: tuple[str, ...]
    icon: str = ""


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """One package's part; `package` is its dotted name, where templates/, static/ and locale/ are looked for."""

    package: str
    handlers: tuple[Any, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    jobs: tuple[Job, ...] = ()
    nav: tuple[NavItem, ...] = ()
