"""What a party asks of a credit record, and who has read it."""

from exam.migrations.sql import append_only, grant, run

revision = "20261127T1405"
down_revision = "20261127T1400"

_RECORD = "exists (select 1 from records_credit_record r where r.id = {table}.record_id)"


def upgrade() -> None:
    _request()
    _reading()


def _request() -> None:
    run(
        """
        create table records_credit_request (
            id uuid constraint records_credit_request_pkey primary key,
            record_id uuid not null constraint records_credit_request_record_id_fkey references records_credit_record,
            region text not null,
            kind text not null check (kind in ('objection', 'repair')),
            text text not null check (length(text) between 1 and 2000),
            filed_by uuid,
            filed_at timestamptz not null,
            due_on date not null,
            most_on date not null check (most_on >= due_on),
            state text not null check (state in ('filed', 'granted', 'refused')),
            answer text not null default '' check (length(answer) <= 2000),
            answered_by uuid,
            answered_at timestamptz,
            check ((state = 'filed') = (answered_at is null)),
            check ((answered_at is null) = (answered_by is null)),
            check (state = 'filed' or answer <> '')
        )
        """,
        "create unique index records_credit_request_open_idx on records_credit_request (record_id, kind)"
        " where state = 'filed'",
        "create index records_credit_request_region_idx on records_credit_request (region text_pattern_ops, due_on)"
        " where state = 'filed'",
        _GUARD,
        "create trigger records_credit_request_guard before insert or update on records_credit_request"
        " for each row execute function records_guard_credit_request()",
        "create trigger records_credit_request_keep before delete on records_credit_request"
        " for each row execute function ankao_refuse_change()",
    )
    grant("records_credit_request", app="select, insert, update (state, answer, answered_by, answered_at)")
    _with_its_record("records_credit_request")


def _reading() -> None:
    run(
        """
        create table records_credit_reading (
            id uuid constraint records_credit_reading_pkey primary key,
            record_id uuid not null constraint records_credit_reading_record_id_fkey references records_credit_record,
            region text not null,
            role text not null,
            by_account uuid,
            at timestamptz not null,
            kept_until_on date not null
        )
        """,
        "create index records_credit_reading_record_id_idx on records_credit_reading (record_id, at)",
    )
    append_only("records_credit_reading")
    grant("records_credit_reading", app="select, insert")
    _with_its_record("records_credit_reading")


def _with_its_record(table: str) -> None:
    """Show and accept what belongs to a record for whoever sees the record, whose own policy the subquery is under."""
    run(
        f"alter table {table} enable row level security",
        f"create policy {table}_scope on {table} to ankao_app using ({_RECORD.format(table=table)})",
    )


_GUARD = """
create function records_guard_credit_request() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' and new.state <> 'filed' then
        raise exception 'a request begins with being filed' using errcode = 'integrity_constraint_violation';
    end if;
    if tg_op = 'UPDATE' and old.state <> 'filed' then
        raise exception 'request % is answered', old.id using errcode = 'integrity_constraint_violation';
    end if;
    if tg_op = 'UPDATE' and not ankao_in_region(old.region) then
        raise exception 'request % is answered by the authority', old.id using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$
"""
