"""Plans, sittings, rooms, registrations, tickets, and the facts that eligibility is judged by."""

from exam.migrations.sql import append_only, grant, open_policy, region_policy, run

revision = "20261123T0500"
down_revision = "20261123T0400"


def upgrade() -> None:
    _sittings()
    _registrations()
    _visibility()
    _facts()
    _lookups()


def _sittings() -> None:
    run(
        """
        create table sitting_plan (
            id uuid constraint sitting_plan_pkey primary key,
            title text not null,
            region text not null,
            created_by uuid,
            created_at timestamptz not null
        )
        """,
        """
        create table sitting_sitting (
            id uuid constraint sitting_sitting_pkey primary key,
            plan_id uuid not null constraint sitting_sitting_plan_id_fkey references sitting_plan,
            title text not null,
            qualification text not null,
            region text not null,
            centre_id uuid not null constraint sitting_sitting_centre_id_fkey references identity_organisation,
            centre_name text not null,
            address text not null,
            starts_at timestamptz not null,
            ends_at timestamptz not null,
            duration_s integer not null check (duration_s between 1 and 86400),
            state text not null check (state in ('planned', 'open', 'closed', 'released')),
            rule_set text not null,
            blueprint_id uuid,
            forms_ready boolean not null default false,
            forms_keyed integer not null default 0 check (forms_keyed between 0 and 100000),
            forms_standby integer not null default 0 check (forms_standby between 0 and 100000),
            created_by uuid,
            created_at timestamptz not null,
            opened_at timestamptz,
            closed_at timestamptz,
            released_at timestamptz,
            check (ends_at > starts_at)
        )
        """,
        "create index sitting_sitting_region_idx on sitting_sitting (region text_pattern_ops, starts_at)",
        """
        create table sitting_room (
            id uuid constraint sitting_room_pkey primary key,
            sitting_id uuid not null constraint sitting_room_sitting_id_fkey references sitting_sitting,
            region text not null,
            name text not null,
            position integer not null check (position between 0 and 701),
            seats integer not null check (seats between 1 and 500),
            constraint sitting_room_sitting_id_name_key unique (sitting_id, name),
            constraint sitting_room_sitting_id_position_key unique (sitting_id, position)
        )
        """,
        _GUARD_SITTING,
        "create trigger sitting_sitting_guard before update on sitting_sitting"
        " for each row execute function sitting_guard_sitting()",
    )
    region_policy("sitting_plan")
    region_policy("sitting_sitting")
    region_policy("sitting_room")
    grant("sitting_plan", app="select, insert")
    grant("sitting_sitting", app="select, insert, update", answer="select")
    grant("sitting_room", app="select, insert, update", answer="select")
    open_policy("sitting_sitting", "answer")
    open_policy("sitting_room", "answer")


def _registrations() -> None:
    run(
        """
        create table sitting_registration (
            id uuid constraint sitting_registration_pkey primary key,
            sitting_id uuid not null constraint sitting_registration_sitting_id_fkey references sitting_sitting,
            person_id uuid not null constraint sitting_registration_person_id_fkey references identity_person,
            organisation_id uuid
                constraint sitting_registration_organisation_id_fkey references identity_organisation,
            qualification text not null,
            region text not null,
            room_id uuid constraint sitting_registration_room_id_fkey references sitting_room,
            seat_no integer check (seat_no between 1 and 500),
            seat text not null,
            state text not null check (state in ('accepted', 'refused', 'cancelled')),
            kind text not null check (kind in ('first', 'make_up')),
            rule_set text not null,
            reasons jsonb not null,
            photo_key text,
            registered_by uuid,
            registered_at timestamptz not null,
            check (state <> 'accepted' or (room_id is not null and seat_no is not null))
        )
        """,
        # a refusal or a cancellation neither fills a seat nor stands in the way of a second try
        "create unique index sitting_registration_sitting_id_person_id_idx"
        " on sitting_registration (sitting_id, person_id) where state = 'accepted'",
        "create unique index sitting_registration_room_id_seat_no_idx"
        " on sitting_registration (room_id, seat_no) where state = 'accepted'",
        "create index sitting_registration_sitting_id_idx on sitting_registration (sitting_id)",
        "create index sitting_registration_person_id_idx on sitting_registration (person_id)",
        "create index sitting_registration_organisation_id_idx on sitting_registration (organisation_id)",
        """
        create table sitting_ticket (
            registration_id uuid constraint sitting_ticket_pkey primary key
                constraint sitting_ticket_registration_id_fkey references sitting_registration,
            person_id uuid not null constraint sitting_ticket_person_id_fkey references identity_person,
            region text not null,
            digest bytea not null constraint sitting_ticket_digest_key unique,
            secret_sealed bytea not null
        )
        """,
    )
    region_policy("sitting_registration", person="person_id", organisation="organisation_id")
    region_policy("sitting_ticket", person="person_id")
    grant("sitting_registration", app="select, insert, update", answer="select")
    grant("sitting_ticket", app="select, insert")
    open_policy("sitting_registration", "answer")
    append_only("sitting_ticket")


def _visibility() -> None:
    # what a registration points at is visible to whoever sees the registration; its own policy decides who that is
    for table, key in (
        ("identity_person", "person_id"),
        ("sitting_sitting", "sitting_id"),
        ("sitting_room", "room_id"),
    ):
        run(
            f"create policy {table}_registered on {table} for select to ankao_app"
            f" using (exists (select 1 from sitting_registration r where r.{key} = {table}.id))",
        )


def _facts() -> None:
    run(
        """
        create table sitting_pass (
            id uuid constraint sitting_pass_pkey primary key,
            person_id uuid not null constraint sitting_pass_person_id_fkey references identity_person,
            qualification text not null,
            part text not null check (part in ('theory', 'practical')),
            passed_on date not null,
            valid_until date not null check (valid_until >= passed_on),
            result_id uuid not null constraint sitting_pass_result_id_key unique,
            region text not null,
            recorded_at timestamptz not null
        )
        """,
        """
        create table sitting_attempt_used (
            id uuid constraint sitting_attempt_used_pkey primary key,
            person_id uuid not null constraint sitting_attempt_used_person_id_fkey references identity_person,
            qualification text not null,
            part text not null check (part in ('theory', 'practical')),
            attempt_id uuid not null,
            region text not null,
            used_at timestamptz not null,
            constraint sitting_attempt_used_attempt_id_part_key unique (attempt_id, part)
        )
        """,
        """
        create table sitting_ban (
            id uuid constraint sitting_ban_pkey primary key,
            person_id uuid not null constraint sitting_ban_person_id_fkey references identity_person,
            qualification text,
            until_on date not null,
            reason text not null,
            basis text not null,
            region text not null,
            recorded_by uuid,
            recorded_at timestamptz not null
        )
        """,
    )
    for table in ("sitting_pass", "sitting_attempt_used", "sitting_ban"):
        run(f"create index {table}_person_id_idx on {table} (person_id)")
        append_only(table)
        region_policy(table, person="person_id")
        grant(table, app="select, insert")


def _lookups() -> None:
    """Answer over all regions, each no more than its question needs."""
    _lookup(
        "sitting_passes_of(whose uuid, wanted text)",
        "part text, passed_on date, valid_until date, result_id uuid, recorded_at timestamptz",
        "select p.part, p.passed_on, p.valid_until, p.result_id, p.recorded_at from sitting_pass p"
        " where p.person_id = whose and p.qualification = wanted order by p.recorded_at",
    )
    _lookup(
        "sitting_attempts_of(whose uuid, wanted text)",
        "part text, used_at timestamptz",
        "select a.part, a.used_at from sitting_attempt_used a"
        " where a.person_id = whose and a.qualification = wanted order by a.used_at",
    )
    _lookup(
        "sitting_bans_of(whose uuid, wanted text)",
        "until_on date, basis text",
        "select b.until_on, b.basis from sitting_ban b"
        " where b.person_id = whose and (b.qualification is null or b.qualification = wanted) order by b.until_on",
    )
    _lookup(
        "sitting_standing_of(whose uuid, wanted text)",
        "sitting_id uuid, starts_at timestamptz",
        "select s.id, s.starts_at from sitting_registration r join sitting_sitting s on s.id = r.sitting_id"
        " where r.person_id = whose and r.qualification = wanted and r.state = 'accepted' and s.state <> 'released'"
        " order by s.starts_at",
    )
    # the register of enterprises is public, and a worker may be examined away from the enterprise's own region
    _lookup(
        "sitting_enterprise_by_uscc(wanted text)",
        "id uuid, name text, deregistered_on date",
        "select o.id, o.name, o.deregistered_on from identity_organisation o"
        " where o.uscc = wanted and o.kind = 'enterprise'",
    )
    # whoever holds the ticket's secret may know the registration: that is what a ticket is
    _lookup(
        "sitting_registration_by_ticket(wanted bytea)",
        "id uuid, sitting_id uuid, person_id uuid, organisation_id uuid, qualification text, region text, room_id uuid,"
        " room_name text, seat text, state text, kind text, rule_set text, photo_key text",
        "select r.id, r.sitting_id, r.person_id, r.organisation_id, r.qualification, r.region, r.room_id, m.name, r.seat,"
        " r.state, r.kind, r.rule_set, r.photo_key"
        " from sitting_ticket t join sitting_registration r on r.id = t.registration_id"
        " join sitting_room m on m.id = r.room_id where t.digest = wanted",
        roles="ankao_app, ankao_answer",
    )


def _lookup(signature: str, columns: str, query: str, *, roles: str = "ankao_app") -> None:
    run(
        f"create function {signature} returns table ({columns})"
        f" language sql stable security definer set search_path = public as $$ {query} $$",
        f"revoke execute on function {signature} from public",
        f"grant execute on function {signature} to {roles}",
    )


_GUARD_SITTING = """
create function sitting_guard_sitting() returns trigger language plpgsql as $$
begin
    if new.state <> old.state
        and (old.state || '>' || new.state) <> all(array['planned>open', 'open>closed', 'closed>released'])
    then
        raise exception 'sitting %: % cannot become %', old.id, old.state, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    if (new.region, new.plan_id, new.qualification, new.rule_set, new.centre_id, new.created_at)
        is distinct from (old.region, old.plan_id, old.qualification, old.rule_set, old.centre_id, old.created_at)
    then
        raise exception 'sitting %: what is fixed would change', old.id using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""
