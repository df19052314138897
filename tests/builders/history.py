"""Random histories of what figures count: rows written past every rule, so that any change of a row may come at any time."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb

REGIONS = ("33/3301/330106", "33/3301/330109", "33/3302/330203", "33/3301")
QUALIFICATIONS = ("special.1.2", "special.2.1", "officer.general")
INDUSTRIES = ("general", "mine", None)
CENTRES = (UUID(int=1), UUID(int=2))
TODAY = date(2026, 11, 23)
DAYS = 64
"""How far back the history goes from today."""
_NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
_MARKED = "select tgrelid::regclass::text, tgname from pg_trigger where tgname ~ '_mark($|_)' order by 1, 2"


class History:
    """A connection that writes random acts; foreign keys and guards rest, only the marks are made."""

    def __init__(self, connection: "psycopg.Connection[Any]", random: Random) -> None:
        self._connection, self.random = connection, random
        self._rows = connection.cursor(row_factory=namedtuple_row)
        for table, trigger in connection.execute(_MARKED.encode()).fetchall():
            name = sql.Identifier(trigger)
            connection.execute(sql.SQL("alter table {} enable always trigger {}").format(sql.Identifier(table), name))
        connection.execute("set session_replication_role = replica")

    def act(self) -> None:
        """Let one random thing happen, or nothing where there is nobody yet."""
        self.random.choice(_ACTS)(self)

    def insert(self, table: str, **values: Any) -> None:
        names = sql.SQL(", ").join(map(sql.Identifier, values))
        places = sql.SQL(", ").join(sql.Placeholder() * len(values))
        into = sql.SQL("insert into {} ({}) values ({})").format(sql.Identifier(table), names, places)
        self._connection.execute(into, list(values.values()))

    def update(self, table: str, row: Any, **values: Any) -> None:
        sets = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in values)
        change = sql.SQL("update {} set {} where id = %s").format(sql.Identifier(table), sets)
        self._connection.execute(change, [*values.values(), row.id])

    def pick(self, table: str, where: str = "true") -> Any:
        """Return a random row, or None."""
        rows = self.all(table, where)
        return self.random.choice(rows) if rows else None

    def all(self, table: str, where: str = "true", *, order: str = "id") -> list[Any]:
        return self._rows.execute(f"select * from {table} where {where} order by {order}".encode()).fetchall()

    def transaction(self) -> AbstractContextManager[object]:
        return self._connection.transaction()

    def at(self) -> datetime:
        return _NOON - timedelta(hours=self.random.randrange(DAYS * 24))

    def id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128))


def found(history: History) -> None:
    place, industry = history.random.choice(REGIONS), history.random.choice(INDUSTRIES)
    history.insert(
        "identity_organisation",
        id=history.id(),
        kind="enterprise",
        name="x",
        region=place,
        industry=industry,
        created_at=history.at(),
    )


def _change_industry(history: History) -> None:
    if row := history.pick("identity_organisation"):
        history.update("identity_organisation", row, industry=history.random.choice(INDUSTRIES))


def _plan(history: History) -> None:
    at = history.at()
    opened_at = history.random.choice((None, None, at))
    history.insert(
        "sitting_sitting",
        id=history.id(),
        plan_id=history.id(),
        title="x",
        qualification=history.random.choice(QUALIFICATIONS),
        region=history.random.choice(REGIONS),
        centre_id=history.random.choice(CENTRES),
        centre_name="x",
        address="",
        starts_at=at,
        ends_at=at + timedelta(days=90),
        duration_s=7200,
        state="open" if opened_at else "planned",
        rule_set="x",
        created_at=at,
        opened_at=opened_at,
    )


def _move_on(history: History) -> None:
    if row := history.pick("sitting_sitting", "state <> 'released'"):
        state = {"planned": "open", "open": "closed", "closed": "released"}[row.state]
        history.update("sitting_sitting", row, state=state, opened_at=row.opened_at or row.starts_at)


def _reschedule(history: History) -> None:
    if row := history.pick("sitting_sitting"):
        history.update("sitting_sitting", row, starts_at=row.starts_at - timedelta(days=history.random.randrange(9)))


def _register(history: History) -> None:
    if sitting := history.pick("sitting_sitting"):
        employer = history.pick("identity_organisation")
        history.insert(
            "sitting_registration",
            id=history.id(),
            sitting_id=sitting.id,
            person_id=history.id(),
            organisation_id=employer and employer.id,
            qualification=sitting.qualification,
            region=sitting.region,
            room_id=history.id(),
            seat_no=1,
            seat="",
            state="accepted",
            kind="first",
            rule_set="x",
            reasons=Jsonb([]),
            registered_at=history.at(),
        )


def _cancel(history: History) -> None:
    if row := history.pick("sitting_registration"):
        history.update("sitting_registration", row, state="cancelled")


def _employ(history: History) -> None:
    if (row := history.pick("sitting_registration")) and (other := history.pick("identity_organisation")):
        history.update("sitting_registration", row, organisation_id=other.id)


def _check_in(history: History) -> None:
    free = "not exists (select from delivery_attempt a where a.registration_id = sitting_registration.id)"
    if row := history.pick("sitting_registration", free):
        at = history.at()
        history.insert(
            "delivery_attempt",
            id=history.id(),
            registration_id=row.id,
            sitting_id=row.sitting_id,
            room_id=row.room_id,
            seat="",
            person_id=row.person_id,
            region=row.region,
            rule_set="x",
            state="ready",
            epoch=1,
            terminal_thumbprint="x",
            duration_s=7200,
            grace_s=30,
            display=Jsonb({}),
            starts_at=at,
            starts_until=at,
            checked_in_at=at,
            started_at=history.random.choice((None, None, at)),
        )


def _start(history: History) -> None:
    if row := history.pick("delivery_attempt", "started_at is null"):
        history.update("delivery_attempt", row, started_at=history.at(), state="in_progress")


def _void(history: History) -> None:
    if row := history.pick("delivery_attempt"):
        history.update("delivery_attempt", row, state="voided")


def _tell(history: History) -> None:
    """Tell a result of one part, or a corrected one."""
    if attempt := history.pick("delivery_attempt"):
        part = history.random.choice(("theory", "practical"))
        origin = {"attempt_id": attempt.id} if part == "theory" else {"sheet_id": attempt.room_id}
        known = history.all("grading_result", f"origin_id = '{next(iter(origin.values()))}'")
        registration = history.pick("sitting_registration", f"id = '{attempt.registration_id}'")
        _tell_version(history, registration, part, 1 + len(known), origin)


def _tell_version(history: History, about: Any, part: str, version: int, origin: dict[str, UUID]) -> None:
    marks, fresh = history.random.choice((3000, 6500, 7500, 8500, 9500)), history.id()
    passed = history.random.choice(("passed", "theory_passed_practical_outstanding"))
    history.insert(
        "grading_result",
        id=fresh,
        version=version,
        sitting_id=about.sitting_id,
        registration_id=about.id,
        person_id=about.person_id,
        region=about.region,
        qualification=about.qualification,
        part=part,
        marks=marks,
        pass_marks=5000,
        passed=marks >= 5000,
        outcome=passed if marks >= 5000 else "failed",
        rule_set="x",
        reason="",
        taken_at=history.at(),
        made_at=history.at(),
        **origin,
    )
    history.insert(
        "grading_release",
        id=history.id(),
        result_id=fresh,
        person_id=about.person_id,
        region=about.region,
        released_at=history.at(),
    )


def _engage(history: History) -> None:
    if row := history.pick("identity_organisation"):
        history.insert(
            "identity_engagement",
            id=history.id(),
            person_id=history.id(),
            organisation_id=row.id,
            role=history.random.choice(("special", "officer")),
            region=row.region,
            started_on=history.at().date(),
        )


def _leave(history: History) -> None:
    if row := history.pick("identity_engagement", "ended_on is null"):
        history.update("identity_engagement", row, ended_on=max(row.started_on, history.at().date()))


def _deregister(history: History) -> None:
    if (row := history.pick("identity_organisation")) and history.random.random() < 1 / 3:
        history.update("identity_organisation", row, deregistered_on=history.at().date())


def issue(history: History) -> None:
    """Issue to somebody at work, whom figures of enterprises ask for, or to anybody."""
    at, item, fresh = history.at(), history.random.choice(QUALIFICATIONS), history.id()
    worker = history.pick("identity_engagement")
    item = next(each for each in (item, *QUALIFICATIONS) if not worker or each.startswith(worker.role))
    person, place = (worker.person_id, worker.region) if worker else (history.id(), history.random.choice(REGIONS))
    if history.all("certs_credential", f"person_id = '{person}' and qualification = '{item}'"):
        return
    day = at.date()
    until = day + timedelta(days=history.random.randrange(200))
    history.insert(
        "certs_credential",
        id=fresh,
        public_id=fresh.hex,
        version=1,
        number_sealed=b"",
        number_index=fresh.bytes,
        query_index=b"",
        number_masked="",
        person_id=person,
        holder_masked="",
        qualification=item,
        category=item.partition(".")[0],
        region=place,
        issued_on=day,
        first_issued_on=day,
        valid_from_on=day,
        valid_until_on=until,
        review_on=history.random.choice((None, until - timedelta(days=9))),
        status="issued",
        rule_set="x",
        basis="",
        issuer_id=history.id(),
        issuer_name="",
        employer="",
        results=Jsonb([]),
        issued_at=at,
    )
    _note(history, fresh, place, "issued", at)


def turn(history: History) -> None:
    """Suspend, restore or revoke, after all that has happened to the credential before."""
    if row := history.pick("certs_credential", "status in ('issued', 'suspended')"):
        kinds = ("suspended", "revoked") if row.status == "issued" else ("restored", "restored", "revoked")
        kind = history.random.choice(kinds)
        (*_, last) = history.all("certs_credential_event", f"credential_id = '{row.id}'", order="at")
        at = last.at + (_NOON - last.at) * history.random.random()
        with history.transaction():
            history.update("certs_credential", row, status="issued" if kind == "restored" else kind)
            _note(history, row.id, row.region, kind, at)


def _review(history: History) -> None:
    if row := history.pick("certs_credential", "review_on is not null"):
        history.update("certs_credential", row, review_on=history.random.choice((None, row.valid_until_on)))


def _note(history: History, credential: UUID, place: str, kind: str, at: datetime) -> None:
    history.insert(
        "certs_credential_event",
        id=history.id(),
        credential_id=credential,
        region=place,
        kind=kind,
        reason="",
        at=at,
        audit_id=history.id(),
        ground="",
        rule_set="x",
        basis="",
    )


def record_hours(history: History) -> None:
    """Record hours, or take some back."""
    history.insert(
        "training_hours",
        id=history.id(),
        person_id=history.id(),
        qualification=history.random.choice(QUALIFICATIONS),
        kind="initial",
        source="x",
        region=history.random.choice(REGIONS),
        recorded_at=history.at(),
        seconds=history.random.choice((2700, 5400, -2700)),
        origin="attested",
        node="",
        part="",
        rules="x",
        evidence="",
    )


def _report(history: History) -> None:
    if row := history.pick("delivery_attempt"):
        history.insert(
            "proctor_incident",
            id=history.id(),
            attempt_id=row.id,
            sitting_id=row.sitting_id,
            person_id=row.person_id,
            region=row.region,
            category="x",
            summary="x",
            state="reported",
            happened_at=history.at(),
            reported_by=history.id(),
            reported_at=history.at(),
        )


def _dispose(history: History) -> None:
    if row := history.pick("proctor_incident", "state = 'reported'"):
        verdict = history.random.choice(("no_finding", "warning"))
        by, then = {"reviewed_by": history.id(), "disposed_by": history.id()}, history.at()
        history.update("proctor_incident", row, state="disposed", finding="confirmed", disposition=verdict, **by)
        history.update("proctor_incident", row, disposed_at=then)


_ACTS: tuple[Callable[[History], None], ...] = (
    *(found,) * 2,
    _change_industry,
    _plan,
    _move_on,
    _move_on,
    _reschedule,
    *(_register,) * 3,
    _cancel,
    _employ,
    *(_check_in,) * 2,
    *(_start,) * 2,
    _void,
    *(_tell,) * 5,
    *(_engage,) * 2,
    _leave,
    _deregister,
    *(issue,) * 4,
    *(turn,) * 2,
    _review,
    record_hours,
    _report,
    _dispose,
)
