"""Course packages: materials of that kind, and what their parts said last."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T1656"
down_revision = "20261127T1655"


def upgrade() -> None:
    run(
        "alter table training_material drop constraint training_material_kind_check",
        "alter table training_material add constraint training_material_kind_check"
        " check (kind in ('film', 'slides', 'package'))",
        """
        create table training_package_state (
            progress_id uuid not null constraint training_package_state_progress_id_fkey references training_progress,
            item text not null check (item <> ''),
            person_id uuid not null constraint training_package_state_person_id_fkey references identity_person,
            region text not null,
            said jsonb not null,
            at timestamptz not null,
            constraint training_package_state_pkey primary key (progress_id, item)
        )
        """,
    )
    region_policy("training_package_state", person="person_id")
    grant("training_package_state", app="select, insert, update (said, at)")
