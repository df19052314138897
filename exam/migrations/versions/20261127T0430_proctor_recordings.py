"""Recordings of the exam rooms: keys, stored segments, who watched them, and what must stay."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261127T0430"
down_revision = "20261127T0420"


def upgrade() -> None:
    _recordings()
    _watching()
    append_only("proctor_playback")
    for table in ("proctor_recording_key", "proctor_segment", "proctor_playback", "proctor_legal_hold"):
        region_policy(table)
    grant("proctor_recording_key", app="select, insert, update")
    grant("proctor_segment", app="select, insert, update (deleted_at)")
    grant("proctor_playback", app="select, insert")
    grant("proctor_legal_hold", app="select, insert, update (released_by, released_at)")


def _recordings() -> None:
    run(
        """
        create table proctor_recording_key (
            sitting_id uuid constraint proctor_recording_key_pkey primary key,
            region text not null,
            key_sealed bytea,
            created_at timestamptz not null,
            destroyed_at timestamptz,
            check ((key_sealed is null) = (destroyed_at is not null))
        )
        """,
        """
        create table proctor_segment (
            id uuid constraint proctor_segment_pkey primary key,
            sitting_id uuid not null,
            room_id uuid not null,
            region text not null,
            attempt_id uuid constraint proctor_segment_attempt_id_fkey references delivery_attempt,
            source text not null,
            codec text not null check (codec in ('VP8', 'H264')),
            began_at timestamptz not null,
            ended_at timestamptz not null check (ended_at >= began_at),
            size bigint not null check (size > 0),
            digest bytea not null check (length(digest) = 32),
            storage_key text not null constraint proctor_segment_storage_key_key unique,
            complete boolean not null,
            stored_at timestamptz not null,
            deleted_at timestamptz
        )
        """,
        "create index proctor_segment_attempt_id_began_at_idx on proctor_segment (attempt_id, began_at)",
        "create index proctor_segment_sitting_id_idx on proctor_segment (sitting_id)",
    )


def _watching() -> None:
    run(
        """
        create table proctor_playback (
            id uuid constraint proctor_playback_pkey primary key,
            attempt_id uuid not null constraint proctor_playback_attempt_id_fkey references delivery_attempt,
            region text not null,
            account_id uuid not null,
            reason text not null check (reason <> ''),
            at timestamptz not null
        )
        """,
        "create index proctor_playback_attempt_id_at_idx on proctor_playback (attempt_id, at)",
        """
        create table proctor_legal_hold (
            id uuid constraint proctor_legal_hold_pkey primary key,
            sitting_id uuid not null,
            region text not null,
            reason text not null check (reason <> ''),
            placed_by uuid not null,
            placed_at timestamptz not null,
            released_by uuid,
            released_at timestamptz,
            check ((released_by is null) = (released_at is null))
        )
        """,
        "create index proctor_legal_hold_sitting_id_idx on proctor_legal_hold (sitting_id)",
    )
