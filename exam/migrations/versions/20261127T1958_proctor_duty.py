"""Who answers for a room, since when, and how one proctor hands it over to the next."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261127T1958"
down_revision = "20261127T1945"


def upgrade() -> None:
    run(
        "alter table sitting_room"
        " add column proctor_id uuid constraint sitting_room_proctor_id_fkey references identity_account,"
        " add column proctor_since timestamptz,"
        " add constraint sitting_room_proctor_check check ((proctor_id is null) = (proctor_since is null))",
        """
        create table proctor_handover (
            id uuid constraint proctor_handover_pkey primary key,
            batch_id uuid not null,
            room_id uuid not null constraint proctor_handover_room_id_fkey references sitting_room,
            region text not null,
            from_id uuid not null constraint proctor_handover_from_id_fkey references identity_account,
            to_id uuid not null constraint proctor_handover_to_id_fkey references identity_account,
            note text not null check (note <> ''),
            facts jsonb not null check (jsonb_typeof(facts) = 'object'),
            offered_at timestamptz not null,
            answer text check (answer in ('accepted', 'declined', 'withdrawn')),
            answered_at timestamptz,
            answer_note text not null,
            check (from_id <> to_id),
            check ((answer is null) = (answered_at is null))
        )
        """,
        "create unique index proctor_handover_waiting_idx on proctor_handover (room_id) where answer is null",
        "create index proctor_handover_to_id_idx on proctor_handover (to_id) where answer is null",
        "create index proctor_handover_room_id_idx on proctor_handover (room_id)",
        """
        create table proctor_duty_turn (
            id uuid constraint proctor_duty_turn_pkey primary key,
            room_id uuid not null constraint proctor_duty_turn_room_id_fkey references sitting_room,
            region text not null,
            account_id uuid not null constraint proctor_duty_turn_account_id_fkey references identity_account,
            how text not null check (how in ('taken', 'handed_over', 'relieved')),
            handover_id uuid constraint proctor_duty_turn_handover_id_fkey references proctor_handover,
            note text not null,
            at timestamptz not null,
            check ((handover_id is null) = (how <> 'handed_over'))
        )
        """,
        "create index proctor_duty_turn_room_id_at_idx on proctor_duty_turn (room_id, at)",
    )
    append_only("proctor_duty_turn")
    region_policy("proctor_handover")
    region_policy("proctor_duty_turn")
    grant("proctor_handover", app="select, insert, update (answer, answered_at, answer_note)")
    grant("proctor_duty_turn", app="select, insert")
