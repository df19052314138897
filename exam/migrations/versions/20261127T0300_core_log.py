"""The log over the audit entries: their order in the tree, and every checkpoint that was published."""

from exam.migrations.sql import append_only, grant, run

revision = "20261127T0300"
down_revision = "20261127T0200"


def upgrade() -> None:
    run(
        """
        create table core_log_leaf (
            index bigint constraint core_log_leaf_pkey primary key check (index >= 0),
            entry_id uuid not null constraint core_log_leaf_entry_id_fkey references core_audit_entry
                constraint core_log_leaf_entry_id_key unique,
            hash bytea not null check (length(hash) = 32),
            sequenced_at timestamptz not null
        )
        """,
        # whoever orders entries, two at once or one that lost its count: the tree has no gap and no second order
        """
        create function core_guard_leaf() returns trigger language plpgsql as $$
        declare
            wanted bigint;
        begin
            select coalesce(max(index) + 1, 0) into wanted from core_log_leaf;
            if new.index <> wanted then
                raise exception 'leaf % does not follow %', new.index, wanted - 1
                    using errcode = 'integrity_constraint_violation';
            end if;
            return new;
        end
        $$
        """,
        "create trigger core_log_leaf_guard before insert on core_log_leaf"
        " for each row execute function core_guard_leaf()",
        """
        create table core_log_checkpoint (
            id uuid constraint core_log_checkpoint_pkey primary key,
            size bigint not null check (size >= 0),
            root bytea not null check (length(root) = 32),
            note bytea not null,
            cosigned jsonb not null,
            witnessed boolean not null,
            published_at timestamptz not null
        )
        """,
        "create index core_log_checkpoint_published_at_idx on core_log_checkpoint (published_at)",
    )
    for table in ("core_log_leaf", "core_log_checkpoint"):
        append_only(table)
        grant(table, app="select", ledger="select, insert")
    run("grant select on sequence core_audit_entry_position_seq to ankao_ledger")
