"""Neighbours, the messages that each is told, every attempt to deliver one, and the tokens that neighbours call with."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261127T1610"
down_revision = "20261127T1430"


def upgrade() -> None:
    _neighbour()
    _message()
    _receipt()
    _token()


def _neighbour() -> None:
    run(
        """
        create table records_exchange_neighbour (
            id uuid constraint records_exchange_neighbour_pkey primary key,
            region text not null,
            name text not null check (length(name) between 1 and 100),
            address text not null check (length(address) <= 500),
            form text not null check (form in ('json', 'xml')),
            kinds jsonb not null check (jsonb_typeof(kinds) = 'array'),
            secret_sealed bytea not null,
            state text not null check (state in ('proposed', 'active', 'returned', 'closed')),
            last_position bigint not null default 0,
            registered_by uuid not null,
            registered_at timestamptz not null,
            decided_by uuid,
            decided_at timestamptz,
            closed_at timestamptz,
            reason text not null default '' check (length(reason) <= 500),
            check ((state = 'proposed') = (decided_by is null)),
            check ((decided_by is null) = (decided_at is null)),
            check ((state = 'closed') = (closed_at is not null)),
            -- whoever registered it may take it back, and never admits it
            check (state in ('proposed', 'returned') or decided_by <> registered_by)
        )
        """,
        "create index records_exchange_neighbour_region_idx on records_exchange_neighbour (region text_pattern_ops)",
        _GUARD_NEIGHBOUR,
        "create trigger records_exchange_neighbour_guard before insert or update on records_exchange_neighbour"
        " for each row execute function records_guard_neighbour()",
        "create trigger records_exchange_neighbour_keep before delete on records_exchange_neighbour"
        " for each row execute function ankao_refuse_change()",
    )
    region_policy("records_exchange_neighbour")
    grant(
        "records_exchange_neighbour",
        app="select, insert, update (state, last_position, decided_by, decided_at, closed_at, reason)",
    )


def _message() -> None:
    run(
        """
        create table records_exchange_message (
            id uuid constraint records_exchange_message_pkey primary key,
            neighbour_id uuid not null constraint records_exchange_message_neighbour_id_fkey
                references records_exchange_neighbour,
            region text not null,
            position bigint not null,
            kind text not null,
            subject text not null,
            sequence integer not null check (sequence > 0),
            idempotency_key text not null,
            body text not null,
            made_at timestamptz not null,
            state text not null check (state in ('waiting', 'delivered', 'dead', 'set_aside')),
            attempts integer not null check (attempts >= 0),
            next_attempt_at timestamptz not null,
            ended_at timestamptz,
            constraint records_exchange_message_neighbour_id_position_key unique (neighbour_id, position),
            constraint records_exchange_message_neighbour_id_subject_sequence_key
                unique (neighbour_id, subject, sequence),
            constraint records_exchange_message_neighbour_id_idempotency_key_key unique (neighbour_id, idempotency_key),
            check ((state in ('delivered', 'set_aside')) = (ended_at is not null))
        )
        """,
        "create index records_exchange_message_open_idx on records_exchange_message (neighbour_id, subject, sequence)"
        " where state in ('waiting', 'dead')",
        _GUARD_MESSAGE,
        "create trigger records_exchange_message_guard before update on records_exchange_message"
        " for each row execute function records_guard_message()",
        "create trigger records_exchange_message_keep before delete on records_exchange_message"
        " for each row execute function ankao_refuse_change()",
    )
    region_policy("records_exchange_message")
    grant("records_exchange_message", app="select, insert, update (state, attempts, next_attempt_at, ended_at)")


def _receipt() -> None:
    run(
        """
        create table records_exchange_receipt (
            id uuid constraint records_exchange_receipt_pkey primary key,
            message_id uuid not null constraint records_exchange_receipt_message_id_fkey
                references records_exchange_message,
            region text not null,
            at timestamptz not null,
            outcome text not null check (outcome in ('accepted', 'refused', 'unreachable', 'forbidden', 'fetched')),
            status integer not null check (status between 0 and 999)
        )
        """,
        "create index records_exchange_receipt_message_id_idx on records_exchange_receipt (message_id)",
    )
    append_only("records_exchange_receipt")
    region_policy("records_exchange_receipt")
    grant("records_exchange_receipt", app="select, insert")


def _token() -> None:
    run(
        """
        create table records_exchange_token (
            id uuid constraint records_exchange_token_pkey primary key,
            neighbour_id uuid not null constraint records_exchange_token_neighbour_id_fkey
                references records_exchange_neighbour,
            region text not null,
            name text not null check (length(name) between 1 and 100),
            digest bytea not null constraint records_exchange_token_digest_key unique check (length(digest) = 32),
            scopes jsonb not null check (jsonb_typeof(scopes) = 'array'),
            issued_by uuid not null,
            issued_at timestamptz not null,
            expires_at timestamptz not null check (expires_at > issued_at),
            revoked_at timestamptz,
            last_used_at timestamptz
        )
        """,
        "create index records_exchange_token_neighbour_id_idx on records_exchange_token (neighbour_id)",
        "create trigger records_exchange_token_keep before delete on records_exchange_token"
        " for each row execute function ankao_refuse_change()",
    )
    region_policy("records_exchange_token")
    grant("records_exchange_token", app="select, insert, update (revoked_at, last_used_at)")


_GUARD_NEIGHBOUR = """
create function records_guard_neighbour() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' and new.state <> 'proposed' then
        raise exception 'a neighbour is registered first' using errcode = 'integrity_constraint_violation';
    end if;
    if tg_op = 'UPDATE' and old.state <> new.state
        and (old.state, new.state) not in (('proposed', 'active'), ('proposed', 'returned'), ('active', 'closed'))
    then
        raise exception 'a neighbour is not led from % to %', old.state, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""
_GUARD_MESSAGE = """
create function records_guard_message() returns trigger language plpgsql as $$
begin
    if old.state <> new.state and (old.state, new.state) not in (
        ('waiting', 'delivered'), ('waiting', 'dead'), ('dead', 'waiting'), ('dead', 'set_aside'))
    then
        raise exception 'a message is not led from % to %', old.state, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""
