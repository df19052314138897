"""Batches between nodes: keys and cards, batches and their rows on both sides, parts on their way, and answers."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261127T2021"
down_revision = "20261127T2020"


def upgrade() -> None:
    _neighbour()
    _key()
    _batch()
    _arrival()
    _answer()


def _neighbour() -> None:
    run(
        """
        alter table records_exchange_neighbour
            add column secret_before_sealed bytea,
            add column secret_before_until timestamptz,
            add column carriage text not null default 'message' check (carriage in ('message', 'batch')),
            add column card text not null default '',
            add column certificate text not null default '' check (certificate ~ '^([0-9a-f]{64})?$'),
            add column card_proposed text not null default '',
            add column certificate_proposed text not null default '' check (certificate_proposed ~ '^([0-9a-f]{64})?$'),
            add column identity_by uuid,
            add constraint records_exchange_neighbour_secret_check
                check ((secret_before_sealed is null) = (secret_before_until is null))
        """,
        # a row that was returned is replaced by what is true now, and never goes up itself
        _GUARD_MESSAGE,
    )
    grant(
        "records_exchange_neighbour",
        app="update (card, certificate, card_proposed, certificate_proposed, identity_by, secret_sealed,"
        " secret_before_sealed, secret_before_until)",
    )


def _key() -> None:
    run(
        """
        create table records_node_key (
            id uuid constraint records_node_key_pkey primary key,
            region text not null,
            card text not null,
            private_sealed bytea not null,
            made_by uuid not null,
            made_at timestamptz not null
        )
        """,
        "create trigger records_node_key_keep before delete on records_node_key"
        " for each row execute function ankao_refuse_change()",
    )
    region_policy("records_node_key")
    grant("records_node_key", app="select, insert")


def _batch() -> None:
    run(
        """
        create table records_node_batch (
            id uuid constraint records_node_batch_pkey primary key,
            neighbour_id uuid not null constraint records_node_batch_neighbour_id_fkey
                references records_exchange_neighbour,
            region text not null,
            number integer not null check (number > 0),
            supersedes uuid constraint records_node_batch_supersedes_fkey references records_node_batch,
            rows integer not null check (rows > 0),
            note text not null check (length(note) <= 2000),
            digest bytea not null check (length(digest) = 32),
            sealed bytea not null,
            state text not null check (state in ('sealed', 'arrived', 'accepted', 'returned', 'superseded')),
            made_by uuid not null,
            made_at timestamptz not null,
            arrived_at timestamptz,
            decided_at timestamptz,
            reason text not null default '' check (length(reason) <= 2000),
            constraint records_node_batch_neighbour_id_number_key unique (neighbour_id, number),
            check ((state = 'sealed') = (arrived_at is null)),
            check ((state in ('sealed', 'arrived')) = (decided_at is null)),
            check (state not in ('returned', 'superseded') or reason <> '')
        )
        """,
        # what follows never overtakes what is not settled
        "create unique index records_node_batch_open_idx on records_node_batch (neighbour_id)"
        " where state in ('sealed', 'arrived', 'returned')",
        """
        create table records_node_batch_row (
            batch_id uuid not null constraint records_node_batch_row_batch_id_fkey references records_node_batch,
            number integer not null check (number > 0),
            region text not null,
            message_id uuid not null constraint records_node_batch_row_message_id_fkey
                references records_exchange_message,
            reason text not null default '' check (length(reason) <= 500),
            constraint records_node_batch_row_pkey primary key (batch_id, number)
        )
        """,
        _GUARD_BATCH,
    )
    _guard("records_node_batch")
    _keep("records_node_batch_row")
    region_policy("records_node_batch")
    region_policy("records_node_batch_row")
    grant("records_node_batch", app="select, insert, update (state, arrived_at, decided_at, reason)")
    grant("records_node_batch_row", app="select, insert, update (reason)")


def _arrival() -> None:
    run(
        """
        create table records_node_arrival (
            id uuid constraint records_node_arrival_pkey primary key,
            neighbour_id uuid not null constraint records_node_arrival_neighbour_id_fkey
                references records_exchange_neighbour,
            region text not null,
            number integer not null check (number > 0),
            supersedes uuid constraint records_node_arrival_supersedes_fkey references records_node_arrival,
            rows integer not null check (rows > 0),
            faulty integer not null check (faulty between 0 and rows),
            note text not null check (length(note) <= 2000),
            digest bytea not null check (length(digest) = 32),
            way text not null check (way in ('network', 'file')),
            state text not null check (state in ('arrived', 'accepted', 'returned', 'superseded')),
            made_at timestamptz not null,
            arrived_at timestamptz not null,
            decided_by uuid,
            decided_at timestamptz,
            reason text not null default '' check (length(reason) <= 2000),
            constraint records_node_arrival_neighbour_id_number_key unique (neighbour_id, number),
            check ((state = 'arrived') = (decided_at is null)),
            check ((decided_by is null) = (decided_at is null)),
            check (state not in ('returned', 'superseded') or reason <> ''),
            check (state <> 'accepted' or faulty = 0)
        )
        """,
        """
        create table records_node_arrival_row (
            arrival_id uuid not null constraint records_node_arrival_row_arrival_id_fkey
                references records_node_arrival,
            number integer not null check (number > 0),
            region text not null,
            body text not null,
            fault text not null,
            reason text not null default '' check (length(reason) <= 500),
            constraint records_node_arrival_row_pkey primary key (arrival_id, number)
        )
        """,
        """
        create table records_node_part (
            neighbour_id uuid not null constraint records_node_part_neighbour_id_fkey
                references records_exchange_neighbour,
            digest bytea not null check (length(digest) = 32),
            start_at bigint not null check (start_at >= 0),
            region text not null,
            data bytea not null,
            constraint records_node_part_pkey primary key (neighbour_id, digest, start_at)
        )
        """,
    )
    _guard("records_node_arrival")
    _keep("records_node_arrival_row")
    for table in ("records_node_arrival", "records_node_arrival_row", "records_node_part"):
        region_policy(table)
    grant("records_node_arrival", app="select, insert, update (state, decided_by, decided_at, reason)")
    grant("records_node_arrival_row", app="select, insert, update (reason)")
    grant("records_node_part", app="select, insert, delete")


def _answer() -> None:
    run(
        """
        create table records_node_answer (
            id uuid constraint records_node_answer_pkey primary key,
            neighbour_id uuid not null constraint records_node_answer_neighbour_id_fkey
                references records_exchange_neighbour,
            region text not null,
            number integer not null check (number > 0),
            body jsonb not null check (jsonb_typeof(body) = 'object'),
            at timestamptz not null,
            constraint records_node_answer_neighbour_id_number_key unique (neighbour_id, number)
        )
        """,
    )
    append_only("records_node_answer")
    region_policy("records_node_answer")
    grant("records_node_answer", app="select, insert")


def _guard(table: str) -> None:
    run(
        f"create trigger {table}_guard before update on {table} for each row execute function records_guard_batch()",
    )
    _keep(table)


def _keep(table: str) -> None:
    run(f"create trigger {table}_keep before delete on {table} for each row execute function ankao_refuse_change()")


_GUARD_BATCH = """
create function records_guard_batch() returns trigger language plpgsql as $$
begin
    if old.state <> new.state and (old.state, new.state) not in (
        ('sealed', 'arrived'), ('arrived', 'accepted'), ('arrived', 'returned'), ('returned', 'superseded'))
    then
        raise exception 'a batch is not led from % to %', old.state, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""
_GUARD_MESSAGE = """
create or replace function records_guard_message() returns trigger language plpgsql as $$
begin
    if old.state <> new.state and ((old.state, new.state) not in (
        ('waiting', 'delivered'), ('waiting', 'dead'), ('waiting', 'set_aside'), ('dead', 'waiting'),
        ('dead', 'set_aside'))
        -- what is pushed is set aside as a dead letter only; what was returned in a batch may be
        or (old.state, new.state) = ('waiting', 'set_aside') and not exists (
            select from records_exchange_neighbour n where n.id = old.neighbour_id and n.carriage = 'batch'))
    then
        raise exception 'a message is not led from % to %', old.state, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""
