"""What makers say to each other about an item: appended, never changed."""

from exam.migrations.sql import append_only, grant, run

revision = "20261127T1421"
down_revision = "20261127T1420"


def upgrade() -> None:
    run(
        """
        create table questionbank_item_comment (
            id uuid constraint questionbank_item_comment_pkey primary key,
            item_id uuid not null constraint questionbank_item_comment_item_id_fkey references questionbank_item,
            region text not null,
            version integer not null check (version >= 1),
            account_id uuid not null,
            account_name text not null,
            words text not null check (words <> ''),
            at timestamptz not null
        )
        """,
        "create index questionbank_item_comment_item_id_idx on questionbank_item_comment (item_id)",
        "alter table questionbank_item_comment enable row level security",
        "create policy questionbank_item_comment_serves on questionbank_item_comment for select to ankao_bank"
        " using (questionbank_serves_scope(region))",
        "create policy questionbank_item_comment_scope on questionbank_item_comment for insert to ankao_bank"
        " with check (ankao_in_region(region))",
    )
    grant("questionbank_item_comment", bank="select, insert")
    append_only("questionbank_item_comment")
