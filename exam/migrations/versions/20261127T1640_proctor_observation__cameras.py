"""Observations of rooms' cameras, beside those of candidates."""

from exam.migrations.sql import run

revision = "20261127T1640"
down_revision = "20261127T1632"


def upgrade() -> None:
    run(
        "alter table proctor_observation alter column attempt_id drop not null",
        "alter table proctor_observation"
        " add column camera_id uuid constraint proctor_observation_camera_id_fkey references proctor_camera,"
        " add column room_id uuid constraint proctor_observation_room_id_fkey references sitting_room,"
        " add constraint proctor_observation_subject_check"
        " check (num_nonnulls(attempt_id, camera_id) = 1 and (camera_id is null) = (room_id is null))",
        "create index proctor_observation_room_id_began_at_idx on proctor_observation (room_id, began_at)"
        " where room_id is not null",
    )
