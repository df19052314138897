"""People and where they work: one person per ID number, found by its blind index, shown masked."""

from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.crypto import Sealer
from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.identity.errors import PersonNameMismatchError
from exam.identity.identifiers import IdNumber, mask_id_number
from exam.identity.models import Engagement, Person
from exam.identity.names import mask_name, name_match_key

ID_PLACE = "identity_person.id_sealed"
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:key, 0))")
_FIND = text("select identity_person_by_index(:indexes)")


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    """A person as other packages see one: never the ID number itself."""

    id: UUID
    name: str
    name_masked: str
    id_masked: str
    birth_on: date
    sex: str
    photo_key: str | None


def _view(person: Person) -> PersonView:
    return PersonView(
        id=person.id,
        name=person.name,
        name_masked=mask_name(person.name),
        id_masked=person.id_masked,
        birth_on=person.birth_on,
        sex=person.sex,
        photo_key=person.photo_key,
    )


async def find_person_id(session: AsyncSession, sealer: Sealer, number: IdNumber) -> UUID | None:
    """Return the id of whoever has this ID number, in any region: an id tells nothing else."""
    found: UUID | None = await session.scalar(_FIND, {"indexes": sealer.blind_indexes(number.value, ID_PLACE)})
    return found


async def ensure_person(
    session: AsyncSession,
    sealer: Sealer,
    principal: Principal,
    *,
    name: str,
    number: IdNumber,
    region: str,
    at: datetime,
) -> UUID:
    """Return the person of an ID number, creating one where there is none.

    Raises PersonNameMismatchError when the number is known to the caller's region under another name.
    """
    if not await find_person_id(session, sealer, number):
        # two desks that meet the same newcomer at once must not make two people
        await session.execute(_LOCK, {"key": sealer.lock_key(number.value, ID_PLACE).hex()})
    if found := await find_person_id(session, sealer, number):
        known = await session.get(Person, found)
        if known is not None and known.name != name:
            raise PersonNameMismatchError(person_id=str(found))
        return found
    person = Person(
        name=name,
        id_sealed=sealer.seal(number.value, ID_PLACE),
        id_index=sealer.blind_index(number.value, ID_PLACE),
        id_masked=mask_id_number(number.value),
        birth_on=number.birth_on,
        sex=number.sex,
        region=region,
        created_at=at,
    )
    session.add(person)
    await session.flush()
    personal = {"name": name, "id_number": number.value}
    await record(session, principal, "person.created", ("person", person.id), at=at, region=region, personal=personal)
    return person.id


async def get_person(session: AsyncSession, person_id: UUID) -> PersonView:
    """Return a person of the scope."""
    person = await session.get(Person, person_id)
    if person is None:
        raise NotFoundError(person_id=str(person_id))
    return _view(person)


async def require_same_name(session: AsyncSession, person_id: UUID, name: str) -> None:
    """Refuse whoever knows a number without its name; raises PersonNameMismatchError.

    A person who was first met in another region becomes visible only through the link that is just being made, so this
    comes after it and before the commit.
    """
    person = await get_person(session, person_id)
    if name_match_key(person.name) != name_match_key(name):
        raise PersonNameMismatchError(person_id=str(person_id))


async def list_people(session: AsyncSession, person_ids: list[UUID]) -> dict[UUID, PersonView]:
    """Return the people of the scope by id; who is not visible is missing."""
    rows = await session.scalars(select(Person).where(Person.id.in_(person_ids)))
    return {person.id: _view(person) for person in rows}


async def set_photo(session: AsyncSession, principal: Principal, person_id: UUID, key: str, *, at: datetime) -> None:
    """Replace the person's photo by a stored file."""
    person = await session.get(Person, person_id)
    if person is None:
        raise NotFoundError(person_id=str(person_id))
    person.photo_key = key
    await record(session, principal, "person.photo_set", ("person", person_id), at=at, region=person.region)


async def change_name(session: AsyncSession, principal: Principal, person_id: UUID, name: str, *, at: datetime) -> None:
    """Give a person another name, already in its normal form; the log commits to it without saying it."""
    person = await session.get(Person, person_id)
    if person is None:
        raise NotFoundError(person_id=str(person_id))
    person.name = name
    personal = {"name": name}
    subject = ("person", person_id)
    await record(session, principal, "person.renamed", subject, at=at, region=person.region, personal=personal)


async def matches_id_number(session: AsyncSession, sealer: Sealer, person_id: UUID, number: IdNumber) -> bool:
    """Tell whether the number is this person's, without opening what is stored."""
    return await find_person_id(session, sealer, number) == person_id


async def find_bearer(session: AsyncSession, sealer: Sealer, person_id: UUID, number: IdNumber) -> PersonView | None:
    """Return a person of the scope if the number is theirs, without opening what is stored."""
    person = await session.get(Person, person_id)
    if person is None or person.id_index not in sealer.blind_indexes(number.value, ID_PLACE):
        return None
    return _view(person)


async def unmask_id_number(
    session: AsyncSession,
    sealer: Sealer,
    principal: Principal,
    person_id: UUID,
    *,
    reason: str,
    at: datetime,
) -> str:
    """Return the ID number in clear; the act and its reason are logged in the same transaction."""
    person = await session.get(Person, person_id)
    if person is None:
        raise NotFoundError(person_id=str(person_id))
    facts = {"reason": reason}
    await record(session, principal, "person.unmasked", ("person", person_id), at=at, region=person.region, facts=facts)
    return sealer.open(person.id_sealed, ID_PLACE)


async def add_engagement(
    session: AsyncSession,
    principal: Principal,
    *,
    person_id: UUID,
    organisation_id: UUID,
    role: str,
    region: str,
    started_on: date,
    at: datetime,
) -> UUID:
    """Note that a person works for an organisation as principal, officer or special operator."""
    standing = await session.scalar(
        select(Engagement.id).where(
            Engagement.person_id == person_id,
            Engagement.organisation_id == organisation_id,
            Engagement.role == role,
            Engagement.ended_on.is_(None),
        ),
    )
    if standing:
        return standing
    engagement = Engagement(
        person_id=person_id,
        organisation_id=organisation_id,
        role=role,
        region=region,
        started_on=started_on,
    )
    session.add(engagement)
    await session.flush()
    facts = {"organisation": str(organisation_id), "role": role}
    await record(session, principal, "engagement.added", ("person", person_id), at=at, region=region, facts=facts)
    return engagement.id
