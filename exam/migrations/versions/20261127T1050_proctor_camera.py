"""Fixed cameras of exam rooms."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T1050"
down_revision = "20261127T1045"


def upgrade() -> None:
    run(
        """
        create table proctor_camera (
            id uuid constraint proctor_camera_pkey primary key,
            centre_id uuid not null constraint proctor_camera_centre_id_fkey references identity_organisation,
            region text not null,
            room text not null check (room <> ''),
            name text not null check (name <> ''),
            url_sealed bytea not null,
            host text not null,
            facts jsonb not null check (jsonb_typeof(facts) = 'object'),
            registered_by uuid not null,
            registered_at timestamptz not null,
            retired_by uuid,
            retired_at timestamptz,
            check ((retired_by is null) = (retired_at is null))
        )
        """,
        "create index proctor_camera_centre_id_room_idx on proctor_camera (centre_id, room) where retired_at is null",
    )
    region_policy("proctor_camera")
    grant("proctor_camera", app="select, insert, update (retired_by, retired_at)")
