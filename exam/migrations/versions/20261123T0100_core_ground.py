"""Ground: scope functions, events, audit entries, job queue."""

from importlib.resources import files

from alembic import op

from exam.migrations.sql import append_only, grant, run

revision = "20261123T0100"
down_revision = None


def upgrade() -> None:
    _functions()
    _events()
    _audit()
    _queue()


def _functions() -> None:
    run(
        # a setting that was once set on a pooled connection reads '' and not NULL, and '' must match nothing
        """
        create function ankao_in_region(path text) returns boolean language sql stable parallel safe as $$
            select coalesce(path = s.region or starts_with(path, s.region || '/'), false)
            from (select nullif(current_setting('ankao.region', true), '') as region) s
        $$
        """,
        """
        create function ankao_person() returns uuid language sql stable parallel safe as $$
            select nullif(current_setting('ankao.person', true), '')::uuid
        $$
        """,
        """
        create function ankao_organisation() returns uuid language sql stable parallel safe as $$
            select nullif(current_setting('ankao.organisation', true), '')::uuid
        $$
        """,
        """
        create function ankao_refuse_change() returns trigger language plpgsql as $$
        begin
            raise exception 'table % is append-only', tg_table_name using errcode = 'insufficient_privilege';
        end
        $$
        """,
    )


def _events() -> None:
    run(
        """
        create table core_event (
            id uuid constraint core_event_pkey primary key,
            name text not null,
            aggregate text not null,
            region text not null,
            schema_version integer not null,
            payload jsonb not null,
            published_at timestamptz not null
        )
        """,
        """
        create table core_event_delivery (
            event_id uuid not null constraint core_event_delivery_event_id_fkey references core_event,
            subscriber text not null,
            constraint core_event_delivery_pkey primary key (event_id, subscriber)
        )
        """,
    )
    for table in ("core_event", "core_event_delivery"):
        append_only(table)
        grant(table, app="select, insert", bank="select, insert", answer="select, insert")


def _audit() -> None:
    run(
        """
        create table core_audit_entry (
            id uuid constraint core_audit_entry_pkey primary key,
            position bigint not null generated always as identity constraint core_audit_entry_position_key unique,
            at timestamptz not null,
            actor_kind text not null,
            actor uuid,
            act text not null,
            subject_kind text not null,
            subject text not null,
            region text not null,
            facts jsonb not null,
            leaf bytea not null,
            leaf_digest bytea not null generated always as (sha256(leaf)) stored
        )
        """,
        "create index core_audit_entry_subject_idx on core_audit_entry (subject_kind, subject)",
        "create index core_audit_entry_at_idx on core_audit_entry (at)",
        """
        create table core_audit_salt (
            entry_id uuid not null constraint core_audit_salt_entry_id_fkey references core_audit_entry,
            name text not null,
            salt bytea not null,
            constraint core_audit_salt_pkey primary key (entry_id, name)
        )
        """,
    )
    append_only("core_audit_entry")
    run(
        "alter table core_audit_entry enable row level security",
        # anybody at work writes entries; reading is for the region's staff and for the ledger
        "create policy core_audit_entry_append on core_audit_entry for insert with check (true)",
        "create policy core_audit_entry_scope on core_audit_entry for select to ankao_app"
        " using (ankao_in_region(region))",
        "create policy core_audit_entry_ledger on core_audit_entry for select to ankao_ledger using (true)",
    )
    grant("core_audit_entry", app="select, insert", bank="insert", answer="insert", ledger="select")
    grant("core_audit_salt", app="select, insert", bank="insert", answer="insert")


def _queue() -> None:
    schema = (files("procrastinate") / "sql" / "schema.sql").read_text(encoding="utf-8")
    run("create schema jobs", "set local search_path = jobs, public")
    op.get_bind().exec_driver_sql(schema.replace("%", "%%"))
    run("set local search_path = public")
    for role in ("ankao_app", "ankao_bank", "ankao_answer"):
        run(
            f"grant usage on schema jobs to {role}",
            f"grant select, insert, update, delete on all tables in schema jobs to {role}",
            f"grant usage on all sequences in schema jobs to {role}",
        )
