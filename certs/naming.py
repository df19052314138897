"""The number of a new credential, sealed, masked and indexed."""

from datetime import datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from certs.models import Credential
from certs.numbers import mask_number, own_number, own_prefix, permit_number
from exam.core.clock import local_date
from exam.core.crypto import Sealer
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.identity.api import PersonView, name_match_key, unmask_id_number
from exam.sitting.api import RegistrationView
from exam.standards.api import Category, get_qualification

NUMBER_PLACE = "certs_credential.number_sealed"
QUERY_PLACE = "certs_credential.query_index"
UNMASK_REASON = "credential number"

_NEXT_SERIAL = text(
    "insert into certs_number_counter (prefix, last) values (:prefix, 1)"
    " on conflict (prefix) do update set last = certs_number_counter.last + 1 returning last",
)


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A number in the clear, for this transaction only, and as it is stored."""

    number: str
    sealed: bytes
    masked: str
    number_index: bytes
    query_index: bytes

    def __repr__(self) -> str:
        """Show what may be shown."""
        return f"Named({self.masked})"


def number_index(sealer: Sealer, number: str) -> bytes:
    """Return the blind index by which a number's credentials are found."""
    return sealer.blind_index(number, NUMBER_PLACE)


def limit_key(sealer: Sealer, number: str) -> bytes:
    """Return what counts the questions about one number, the same in every process."""
    return sealer.lock_key(number, NUMBER_PLACE)


def number_indexes(sealer: Sealer, number: str) -> list[bytes]:
    """Return the indexes of a number under every generation of keys."""
    return sealer.blind_indexes(number, NUMBER_PLACE)


def query_indexes(sealer: Sealer, number: str, name: str) -> list[bytes]:
    """Return the indexes over number and name under every generation of keys."""
    return sealer.blind_indexes(_asked(number, name), QUERY_PLACE)


def query_index(sealer: Sealer, number: str, name: str) -> bytes:
    """Return the blind index over number and name: whoever does not know both finds nothing."""
    return sealer.blind_index(_asked(number, name), QUERY_PLACE)


def _asked(number: str, name: str) -> str:
    return f"{number}\n{name_match_key(name)}"


async def name_credential(
    session: AsyncSession,
    runtime: Runtime,
    registration: RegistrationView,
    person: PersonView,
    previous: Credential | None,
    *,
    at: datetime,
) -> Named:
    """Return the number of a credential: the previous version's, or a new one by the category's rule."""
    if previous is not None:
        return keep_number(runtime, previous, person)
    return named_as(runtime, await _new_number(session, runtime, registration, at), person)


def keep_number(runtime: Runtime, previous: Credential, person: PersonView) -> Named:
    """Return the number of the version before, under the person's name of today."""
    return named_as(runtime, runtime.sealer.open(previous.number_sealed, NUMBER_PLACE), person)


def named_as(runtime: Runtime, number: str, person: PersonView) -> Named:
    """Return a number under a person's name, as it is stored."""
    return Named(
        number=number,
        sealed=runtime.sealer.seal(number, NUMBER_PLACE),
        masked=mask_number(number),
        number_index=number_index(runtime.sealer, number),
        query_index=query_index(runtime.sealer, number, person.name),
    )


async def _new_number(
    session: AsyncSession,
    runtime: Runtime,
    registration: RegistrationView,
    at: datetime,
) -> str:
    category = get_qualification(registration.qualification).category
    if category is Category.SPECIAL:
        id_number = await unmask_id_number(
            session,
            runtime.sealer,
            SYSTEM,
            registration.person_id,
            reason=UNMASK_REASON,
            at=at,
        )
        return permit_number(id_number)
    prefix = own_prefix(category, registration.region, local_date(at))
    serial: int = (await session.execute(_NEXT_SERIAL, {"prefix": prefix})).scalar_one()
    return own_number(prefix, serial)
