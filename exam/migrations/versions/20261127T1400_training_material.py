"""Materials of lessons: what was uploaded, how far its making is, and what came of it."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T1400"
down_revision = "20261127T1358"


def upgrade() -> None:
    run(
        """
        create table training_material (
            id uuid constraint training_material_pkey primary key,
            organisation_id uuid not null constraint training_material_organisation_id_fkey references training_body,
            region text not null,
            kind text not null check (kind in ('film', 'slides')),
            filename text not null,
            size bigint not null check (size > 0),
            received integer not null check (received >= 0),
            state text not null check (state in ('uploading', 'waiting', 'making', 'ready', 'refused')),
            percent integer not null check (percent between 0 and 100),
            reason text not null,
            made jsonb,
            uploaded_by uuid not null,
            uploaded_by_name text not null,
            created_at timestamptz not null,
            finished_at timestamptz,
            check ((state = 'ready') = (made is not null)),
            check ((state = 'refused') = (reason <> '')),
            check ((state in ('ready', 'refused')) = (finished_at is not null))
        )
        """,
        "create index training_material_organisation_id_idx on training_material (organisation_id, created_at)",
    )
    region_policy("training_material", organisation="organisation_id")
    grant(
        "training_material",
        app="select, insert, update (received, state, percent, reason, made, finished_at)",
    )
