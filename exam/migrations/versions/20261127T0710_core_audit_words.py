"""What people wrote in an act stands beside its entry, where it can be erased; the leaf has its salted commitment."""

from exam.migrations.sql import grant, run

revision = "20261127T0710"
down_revision = "20261127T0700"


def upgrade() -> None:
    run(
        """
        create table core_audit_words (
            entry_id uuid not null constraint core_audit_words_entry_id_fkey references core_audit_entry,
            name text not null,
            words text not null,
            region text not null,
            constraint core_audit_words_pkey primary key (entry_id, name)
        )
        """,
        "alter table core_audit_words enable row level security",
        "create policy core_audit_words_append on core_audit_words for insert with check (true)",
        "create policy core_audit_words_scope on core_audit_words for select to ankao_app"
        " using (ankao_in_region(region))",
    )
    grant("core_audit_words", app="select, insert", bank="insert", answer="insert")
