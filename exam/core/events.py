"""Events: facts that upper packages hear of, written in the publisher's transaction (DESIGN.md §3, crossing rule 2)."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import msgspec
from sqlalchemy import ForeignKey, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id
from exam.core.db.engine import SUBSCRIBERS_KEY
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.ids import new_id
from exam.core.jobs import Asked, defer_all

if TYPE_CHECKING:
    from exam.core.runtime import Runtime

DELIVER = "core.deliver"


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every event: past-tense name, ids only, a schema version and the region it happened in."""

    schema_version: ClassVar[int] = 1

    region: str

    @property
    def aggregate(self) -> str:
        """Name what events are kept in order by: the event's own first field (msgspec may put `region` first or last)."""
        own = next(name for name in self.__struct_fields__ if name not in Event.__struct_fields__)
        return str(getattr(self, own))


Handler = Callable[["Runtime", AsyncSession, Any], Awaitable[None]]


class Subscription(msgspec.Struct, frozen=True):
    """One subscriber of one event type; `name` is stable, for it keys the exactly-once effect."""

    event: type[Event]
    name: str
    handler: Handler
    role: Role = Role.APP


class EventRow(Base):
    """One published event."""

    __tablename__ = "core_event"

    id: Mapped[Id]
    name: Mapped[str]
    aggregate: Mapped[str]
    region: Mapped[str]
    schema_version: Mapped[int]
    payload: Mapped[dict[str, Any]]
    published_at: Mapped[datetime]


class EventDelivery(Base):
    """That a subscriber's effect of an event is in the database: inserted in the effect's own transaction."""

    __tablename__ = "core_event_delivery"

    event_id: Mapped[UUID] = mapped_column(ForeignKey("core_event.id"), primary_key=True)
    subscriber: Mapped[str] = mapped_column(primary_key=True)


class Subscribers:
    """Who hears what, composed once at start-up."""

    def __init__(self, subscriptions: Iterable[Subscription] = ()) -> None:
        self.by_name: dict[str, Subscription] = {}
        for subscription in subscriptions:
            if subscription.name in self.by_name:
                message = f"two subscribers are named {subscription.name}"
                raise ValueError(message)
            self.by_name[subscription.name] = subscription

    def of(self, event: type[Event]) -> list[Subscription]:
        return [subscription for subscription in self.by_name.values() if subscription.event is event]


async def publish(session: AsyncSession, event: Event, *, at: datetime) -> UUID:
    """Write the event and one job per subscriber in the caller's transaction; return the event's id."""
    row = EventRow(
        id=new_id(),
        name=type(event).__name__,
        aggregate=event.aggregate,
        region=event.region,
        schema_version=event.schema_version,
        payload=msgspec.to_builtins(event),
        published_at=at,
    )
    session.add(row)
    await session.flush()
    subscribers: Subscribers = session.info[SUBSCRIBERS_KEY]
    event_id = str(row.id)
    asked = [
        Asked(
            DELIVER,
            {"event_id": event_id, "subscriber": subscription.name},
            lock=f"{subscription.name}:{row.aggregate}",
        )
        for subscription in subscribers.of(type(event))
    ]
    await defer_all(session, asked)
    return row.id


_HEARD = "ankao_event"


class _Heard(msgspec.Struct, frozen=True):
    hex_id: str
    at: datetime


def heard_event(session: AsyncSession) -> str:
    """Return the id of the event whose subscriber works in this session: what the effect is known by elsewhere."""
    event_id: str = session.info[_HEARD].hex_id
    return event_id


def heard_at(session: AsyncSession) -> datetime:
    """Return when that event was published: a subscriber may run much later, when more has happened."""
    at: datetime = session.info[_HEARD].at
    return at


_CLAIM = text(
    "insert into core_event_delivery (event_id, subscriber) values (:event, :subscriber) on conflict do nothing",
)


async def deliver(runtime: "Runtime", *, event_id: str, subscriber: str) -> None:
    """Run one subscriber for one event: at least once by the queue, effective once by the unique pair."""
    subscription = runtime.databases.subscribers.by_name[subscriber]
    scope = Scope(region=runtime.settings.root_region)
    async with runtime.databases.transaction(scope, subscription.role) as session:
        claimed = await session.execute(_CLAIM, {"event": event_id, "subscriber": subscriber})
        if not claimed.rowcount:  # type: ignore[attr-defined]  # an insert returns a cursor result
            return
        row = await session.get_one(EventRow, UUID(event_id))
        session.info[_HEARD] = _Heard(event_id, row.published_at)
        await subscription.handler(runtime, session, msgspec.convert(row.payload, subscription.event))
