"""Terminals, attempts, response revisions, room acts."""

from exam.migrations.sql import append_only, grant, open_policy, region_policy, run

revision = "20261123T0600"
down_revision = "20261123T0500"

FINISHED = "('submitted', 'expired', 'scored', 'released', 'voided')"


def upgrade() -> None:
    _terminals()
    _attempts()
    _revisions()
    _acts()


def _terminals() -> None:
    run(
        """
        create table delivery_terminal (
            id uuid constraint delivery_terminal_pkey primary key,
            public_key jsonb not null,
            thumbprint text not null constraint delivery_terminal_thumbprint_key unique,
            code text not null,
            state text not null check (state in ('pending', 'bound', 'retired')),
            room_id uuid,
            seat text,
            place jsonb,
            region text,
            last_nonce bigint not null default 0,
            created_at timestamptz not null,
            bound_at timestamptz,
            bound_by uuid
        )
        """,
        "create index delivery_terminal_code_idx on delivery_terminal (code) where state = 'pending'",
        "create index delivery_terminal_room_id_idx on delivery_terminal (room_id)",
        "alter table delivery_terminal enable row level security",
        # a terminal that no room has bound yet belongs to no region: its code is what the proctor must know
        "create policy delivery_terminal_scope on delivery_terminal to ankao_app"
        " using (region is null or ankao_in_region(region)) with check (ankao_in_region(region))",
    )
    grant("delivery_terminal", app="select, update", answer="select, insert, update")
    open_policy("delivery_terminal", "answer")


def _attempts() -> None:
    run(
        f"""
        create table delivery_attempt (
            id uuid constraint delivery_attempt_pkey primary key,
            registration_id uuid not null constraint delivery_attempt_registration_id_key unique,
            sitting_id uuid not null,
            room_id uuid not null,
            seat text not null,
            person_id uuid not null constraint delivery_attempt_person_id_fkey references identity_person,
            region text not null,
            form_id uuid,
            rule_set text not null,
            state text not null check (state in
                ('created', 'checked_in', 'ready', 'in_progress', 'paused') or state in {FINISHED}),
            epoch integer not null check (epoch >= 0),
            terminal_id uuid constraint delivery_attempt_terminal_id_fkey references delivery_terminal,
            terminal_thumbprint text not null,
            shape text not null default '',
            duration_s integer not null check (duration_s between 1 and 86400),
            grace_s integer not null check (grace_s between 0 and 3600),
            extension_ms bigint not null default 0 check (extension_ms between 0 and 86400000),
            display jsonb not null,
            starts_at timestamptz not null,
            starts_until timestamptz not null,
            checked_in_at timestamptz not null,
            admitted_at timestamptz,
            started_at timestamptz,
            paused_at timestamptz,
            deadline_at timestamptz,
            submitted_at timestamptz,
            finalised_at timestamptz,
            answered integer check (answered between 0 and 500),
            response_digest bytea,
            receipt_code text constraint delivery_attempt_receipt_code_key unique,
            hand_raised_at timestamptz
        )
        """,
        "create index delivery_attempt_sitting_id_idx on delivery_attempt (sitting_id)",
        "create index delivery_attempt_room_id_idx on delivery_attempt (room_id)",
        "create index delivery_attempt_person_id_idx on delivery_attempt (person_id)",
        "create index delivery_attempt_deadline_at_idx on delivery_attempt (deadline_at)"
        " where state in ('in_progress', 'paused')",
        _GUARD_ATTEMPT,
        "create trigger delivery_attempt_guard before update on delivery_attempt"
        " for each row execute function delivery_guard_attempt()",
    )
    grant("delivery_attempt", app="select, insert, update", answer="select, insert, update", bank="select")
    region_policy("delivery_attempt", person="person_id")
    open_policy("delivery_attempt", "answer")


def _revisions() -> None:
    run(
        # no foreign key: the inserting statement has joined and locked the attempts, and a check per row would cost
        # more than the row itself
        """
        create table delivery_response_revision (
            attempt_id uuid not null,
            slot integer not null check (slot between 1 and 500),
            seq integer not null check (seq between 1 and 1000000000),
            response text not null check (length(response) <= 4000),
            arrived_at timestamptz not null,
            epoch integer not null,
            constraint delivery_response_revision_pkey primary key (attempt_id, slot, seq)
        )
        """,
        _GUARD_REVISIONS,
        "create trigger delivery_response_revision_guard after insert on delivery_response_revision"
        " referencing new table as fresh for each statement execute function delivery_guard_revisions()",
        """
        create table delivery_refused_save (
            id uuid constraint delivery_refused_save_pkey primary key,
            attempt_id uuid not null constraint delivery_refused_save_attempt_id_fkey references delivery_attempt,
            slot integer not null,
            seq integer not null,
            response text not null check (length(response) <= 4000),
            epoch integer not null,
            reason text not null,
            arrived_at timestamptz not null,
            constraint delivery_refused_save_attempt_id_slot_seq_epoch_reason_key
                unique (attempt_id, slot, seq, epoch, reason)
        )
        """,
    )
    append_only("delivery_response_revision")
    append_only("delivery_refused_save")
    grant("delivery_response_revision", app="select", answer="select, insert")
    grant("delivery_refused_save", app="select", answer="select, insert")
    for table in ("delivery_response_revision", "delivery_refused_save"):
        run(
            f"alter table {table} enable row level security",
            f"create policy {table}_scope on {table} for select to ankao_app"
            f" using (exists (select 1 from delivery_attempt a where a.id = {table}.attempt_id))",
        )
        open_policy(table, "answer")


def _acts() -> None:
    run(
        """
        create table delivery_act (
            id uuid constraint delivery_act_pkey primary key,
            attempt_id uuid not null constraint delivery_act_attempt_id_fkey references delivery_attempt,
            region text not null,
            act text not null,
            reason text not null,
            note text not null,
            extension_ms bigint not null default 0 check (extension_ms between 0 and 86400000),
            actor uuid,
            at timestamptz not null
        )
        """,
        "create index delivery_act_attempt_id_idx on delivery_act (attempt_id)",
        """
        create table delivery_message (
            id uuid constraint delivery_message_pkey primary key,
            attempt_id uuid not null constraint delivery_message_attempt_id_fkey references delivery_attempt,
            region text not null,
            text text not null,
            needs_ack boolean not null,
            sent_by uuid,
            sent_at timestamptz not null,
            acknowledged_at timestamptz
        )
        """,
        "create index delivery_message_attempt_id_idx on delivery_message (attempt_id)",
        """
        create table delivery_hold (
            id uuid constraint delivery_hold_pkey primary key,
            attempt_id uuid not null constraint delivery_hold_attempt_id_fkey references delivery_attempt,
            region text not null,
            reason text not null,
            placed_by uuid,
            placed_at timestamptz not null,
            released_by uuid,
            released_at timestamptz
        )
        """,
        "create index delivery_hold_attempt_id_idx on delivery_hold (attempt_id) where released_at is null",
    )
    append_only("delivery_act")
    grant("delivery_act", app="select, insert", answer="select, insert")
    grant("delivery_message", app="select, insert", answer="select, update")
    grant("delivery_hold", app="select, insert, update")
    for table in ("delivery_act", "delivery_message", "delivery_hold"):
        region_policy(table)
    for table in ("delivery_act", "delivery_message"):
        open_policy(table, "answer")


# DESIGN.md §6.2: after the end nothing about answers changes, and the state moves only forward
_GUARD_ATTEMPT = f"""
create function delivery_guard_attempt() returns trigger language plpgsql as $$
declare
    forward constant text[] := array['created>checked_in', 'checked_in>ready', 'ready>in_progress',
        'in_progress>paused', 'paused>in_progress', 'in_progress>submitted', 'in_progress>expired',
        'paused>expired', 'submitted>scored', 'expired>scored', 'scored>released'];
begin
    if new.state <> old.state and new.state <> 'voided' and (old.state || '>' || new.state) <> all(forward) then
        raise exception 'attempt %: % cannot become %', old.id, old.state, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    if old.state = 'voided' and new is distinct from old then
        raise exception 'attempt % is voided', old.id using errcode = 'integrity_constraint_violation';
    end if;
    if new.epoch < old.epoch or new.registration_id <> old.registration_id or new.person_id <> old.person_id
        or new.region <> old.region or (old.started_at is not null and new.started_at is distinct from old.started_at)
        or (old.form_id is not null and new.form_id is distinct from old.form_id)
        or (old.deadline_at is not null and new.deadline_at < old.deadline_at)
    then
        raise exception 'attempt %: what is fixed would change', old.id using errcode = 'integrity_constraint_violation';
    end if;
    if old.state in {FINISHED} and (
        new.deadline_at, new.extension_ms, new.epoch, new.terminal_id, new.terminal_thumbprint, new.duration_s,
        new.submitted_at, new.finalised_at, new.answered, new.response_digest, new.receipt_code, new.shape
    ) is distinct from (
        old.deadline_at, old.extension_ms, old.epoch, old.terminal_id, old.terminal_thumbprint, old.duration_s,
        old.submitted_at, old.finalised_at, old.answered, old.response_digest, old.receipt_code, old.shape
    ) then
        raise exception 'attempt % is final', old.id using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""

_GUARD_REVISIONS = """
create function delivery_guard_revisions() returns trigger language plpgsql as $$
begin
    if exists (
        select 1 from (select distinct attempt_id, epoch from fresh) f
        left join delivery_attempt a on a.id = f.attempt_id
        where a.id is null or a.state <> 'in_progress' or a.epoch <> f.epoch
    ) then
        raise exception 'a response for an attempt that does not take any'
            using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end
$$
"""
