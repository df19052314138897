"""Sums by day, and marks on the days whose rows have changed since they were summed."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T1340"
down_revision = "20261127T1335"

_DAY = "({} at time zone 'Asia/Shanghai')::date"


def upgrade() -> None:
    _tables()
    _mark_registrations()
    for table, days in _INSERTED.items():
        _on_insert(table, days)
    for table, (touching, days) in _CHANGED.items():
        _on_change(table, touching, f"insert into records_stale (source, region, day_on) {days}")
    all_of = "perform records_mark_registrations(array({}))"
    _on_change(
        "sitting_registration",
        "new.organisation_id is distinct from old.organisation_id",
        all_of.format("select new.id"),
        name="employer",
    )
    _on_change(
        "identity_organisation",
        "new.industry is distinct from old.industry",
        all_of.format("select id from sitting_registration where organisation_id = new.id"),
        name="industry",
    )


def _tables() -> None:
    run(
        """
        create table records_sum (
            source text not null,
            day_on date not null,
            region text not null,
            qualification text,
            centre_id uuid,
            counts bigint[] not null
        )
        """,
        "create unique index records_sum_source_day_on_idx"
        " on records_sum (source, day_on, region, qualification, centre_id) nulls not distinct",
        """
        create table records_sum_industry (
            source text not null,
            day_on date not null,
            region text not null,
            industry text,
            counts bigint[] not null
        )
        """,
        "create unique index records_sum_industry_source_day_on_idx"
        " on records_sum_industry (source, day_on, region, industry) nulls not distinct",
        # without a key: two transactions that mark the same day do not wait for each other
        "create table records_stale (source text not null, region text not null, day_on date not null)",
        "create table records_folded (source text constraint records_folded_pkey primary key, digest text not null)",
    )
    grant("records_sum", app="select, insert, delete")
    grant("records_sum_industry", app="select, insert, delete")
    grant("records_stale", app="select, delete")
    grant("records_folded", app="select, insert, update")
    for table in ("records_sum", "records_sum_industry", "records_stale"):
        region_policy(table)


def _mark_registrations() -> None:
    """What is told by the industry of a registration's enterprise, for when that changes."""
    own = "r.id = any(whose)"
    run(
        f"""
        create function records_mark_registrations(whose uuid[]) returns void
            language sql security definer set search_path = public, pg_temp as $$
            insert into records_stale (source, region, day_on)
            select 'registration', r.region, {_DAY.format("r.registered_at")} from sitting_registration r where {own}
            union select 'seat', r.region, {_DAY.format("s.starts_at")}
                from sitting_registration r join sitting_sitting s on s.id = r.sitting_id where {own}
            union select 'attempt', a.region, {_DAY.format("a.started_at")}
                from delivery_attempt a join sitting_registration r on r.id = a.registration_id
                where {own} and a.started_at is not null
            union select 'outcome', g.region, {_DAY.format("l.released_at")}
                from grading_result g join grading_release l on l.result_id = g.id
                join sitting_registration r on r.id = g.registration_id where {own}
            union select 'incident', i.region, {_DAY.format("i.happened_at")}
                from proctor_incident i join delivery_attempt a on a.id = i.attempt_id
                join sitting_registration r on r.id = a.registration_id where {own}
        $$
        """,
        "revoke execute on function records_mark_registrations(uuid[]) from public",
    )


def _on_insert(table: str, days: str) -> None:
    _function(
        f"records_mark_{table}_inserted",
        f"insert into records_stale (source, region, day_on)"
        f" select distinct m.* from touched t cross join lateral ({days}) m; return null",
    )
    run(
        f"create trigger {table}_mark after insert on {table} referencing new table as touched"
        f" for each statement execute function records_mark_{table}_inserted()",
    )


def _on_change(table: str, touching: str, act: str, *, name: str = "changed") -> None:
    """A trigger of the row, for its condition is tested before anything is called."""
    _function(f"records_mark_{table}_{name}", f"{act}; return null")
    run(
        f"create trigger {table}_mark_{name} after update on {table} for each row when ({touching})"
        f" execute function records_mark_{table}_{name}()",
    )


def _function(name: str, body: str) -> None:
    """Write as the owner: whoever answers or registers has a scope of their own and no right on the marks."""
    run(
        f"create function {name}() returns trigger language plpgsql security definer"
        f" set search_path = public, pg_temp as $$ begin {body}; end $$",
        f"revoke execute on function {name}() from public",
    )


def _own(source: str, at: str, alias: str = "t") -> str:
    """Return the mark of a row's own day."""
    return f"select '{source}', {alias}.region, {_DAY.format(f'{alias}.{at}')} where {alias}.{at} is not null"


def _seat_day(alias: str) -> str:
    return (
        f"select 'seat', {alias}.region, {_DAY.format('s.starts_at')} from sitting_sitting s"
        f" where s.id = {alias}.sitting_id"
    )


def _told_days(alias: str) -> str:
    """The day of an outcome is the latest of its parts' first tellings: another part told moves it."""
    return (
        f"select 'outcome', r.region, {_DAY.format('l.released_at')} from grading_result told"
        " join grading_result r on r.registration_id = told.registration_id"
        f" join grading_release l on l.result_id = r.id where told.id = {alias}.result_id"
    )


def _sitting_days(alias: str) -> str:
    return (
        f"{_own('sitting', 'starts_at', alias)} union select 'seat', r.region, {_DAY.format(f'{alias}.starts_at')}"
        f" from sitting_registration r where r.sitting_id = {alias}.id"
    )


def _turn_days(alias: str) -> str:
    return f"select 'turn', e.region, {_DAY.format('e.at')} from certs_credential_event e where e.credential_id = {alias}.id"


_INSERTED = {
    "sitting_sitting": _own("sitting", "starts_at"),
    "sitting_registration": f"{_own('registration', 'registered_at')} union {_seat_day('t')}",
    "delivery_attempt": f"{_own('attempt', 'started_at')} union {_seat_day('t')}",
    "grading_release": _told_days("t"),
    "certs_credential_event": _own("turn", "at"),
    "training_hours": _own("hours", "recorded_at"),
    "proctor_incident": _own("incident", "happened_at"),
}
"""Per table what its new rows mark; nobody may delete from any of them."""
_CHANGED = {
    "sitting_sitting": (
        "(new.starts_at, new.state, new.opened_at) is distinct from (old.starts_at, old.state, old.opened_at)",
        f"{_sitting_days('old')} union {_sitting_days('new')}",
    ),
    "sitting_registration": (
        "new.state <> old.state",
        f"{_own('registration', 'registered_at', 'new')} union {_seat_day('new')}",
    ),
    "delivery_attempt": (
        "new.started_at is distinct from old.started_at or (new.state = 'voided') <> (old.state = 'voided')",
        f"{_own('attempt', 'started_at', 'old')} union {_own('attempt', 'started_at', 'new')} union {_seat_day('new')}",
    ),
    "certs_credential": ("new.status <> old.status", _turn_days("new")),
    "proctor_incident": (
        "(new.happened_at, new.disposition) is distinct from (old.happened_at, old.disposition)",
        f"{_own('incident', 'happened_at', 'old')} union {_own('incident', 'happened_at', 'new')}",
    ),
}
"""Per table which changes of a row touch a figure, and what they mark; the rest of a row is guarded against change."""
