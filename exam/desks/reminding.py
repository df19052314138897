"""What a candidate is reminded of at home: a certificate that ends, an exam or a training class with a day; pure."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from certs.api import CredentialView
from exam.core.clock import local_date
from exam.sitting.api import SittingView
from exam.training.api import ClassView

BANDS = (30, 60, 90)
"""Days before its end from which a certificate is reminded of, ever more urgently."""
SITTING_DAYS, TRAINING_DAYS = 7, 14


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """One thing with a day: `kind` is renewal, review, expiry, sitting or training, `title` a msgid or a name."""

    kind: str
    title: str
    on: date
    left: int
    """Days from today, 0 for today."""
    band: int
    """The narrowest span of days that it lies in; what lies in the first of its kind is urgent."""
    opens_on: date | None = None
    """From when an application is taken, None where it is already or where nothing is said."""
    is_asked: bool = False
    """Whether an application waits for its decision."""
    at: datetime | None = None
    place: str = ""


def remind(
    credentials: Iterable[CredentialView],
    sittings: Iterable[tuple[str, SittingView]],
    classes: Iterable[ClassView],
    *,
    now: datetime,
    asked: Collection[UUID] = (),
) -> list[Reminder]:
    """Return what lies ahead within its span of days, the nearest first.

    `sittings` come with their titles; `asked` are the credentials with an application that waits for its decision.
    """
    today = local_date(now)
    found = [
        *(_of_credential(each, today, is_asked=each.id in asked) for each in credentials if each.status == "issued"),
        *(_of_sitting(title, each, today) for title, each in sittings),
        *(_reminder("training", each.title, each.ends_on, today, (TRAINING_DAYS,)) for each in classes),
    ]
    return sorted((each for each in found if each), key=lambda each: (each.on, each.kind))


def _of_credential(held: CredentialView, today: date, *, is_asked: bool) -> Reminder | None:
    duty = held.duty
    if duty is None:
        return _reminder("expiry", held.title, held.valid_until, today, BANDS)
    opens_on = duty.opens_on if duty.opens_on and duty.opens_on > today else None
    one = _reminder(duty.kind.value, held.title, duty.until_on, today, BANDS, opens_on=opens_on)
    return one and msgspec.structs.replace(one, is_asked=is_asked)


def _of_sitting(title: str, sitting: SittingView, today: date) -> Reminder | None:
    on, at, place = local_date(sitting.starts_at), sitting.starts_at, sitting.centre_name
    return _reminder("sitting", title, on, today, (SITTING_DAYS,), at=at, place=place)


def _reminder(
    kind: str,
    title: str,
    on: date,
    today: date,
    bands: Sequence[int],
    *,
    opens_on: date | None = None,
    at: datetime | None = None,
    place: str = "",
) -> Reminder | None:
    left = (on - today).days
    band = next((each for each in bands if left <= each), None)
    if left < 0 or band is None:
        return None
    return Reminder(kind=kind, title=title, on=on, left=left, band=band, opens_on=opens_on, at=at, place=place)
