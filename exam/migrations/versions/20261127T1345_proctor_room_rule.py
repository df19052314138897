"""What a centre asks of the video of each of its rooms; what a microphone said before the exam."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T1345"
down_revision = "20261127T1340"


def upgrade() -> None:
    run(
        """
        create table proctor_room_rule (
            id uuid constraint proctor_room_rule_pkey primary key,
            centre_id uuid not null constraint proctor_room_rule_centre_id_fkey references identity_organisation,
            region text not null,
            room text not null check (room <> ''),
            after_s jsonb not null check (jsonb_typeof(after_s) = 'object'),
            asks_screen boolean not null,
            asks_microphone boolean not null,
            changed_by uuid not null,
            changed_at timestamptz not null,
            constraint proctor_room_rule_centre_id_room_key unique (centre_id, room)
        )
        """,
        """
        alter table proctor_consent add microphone text not null default 'none'
            check (microphone in ('ok', 'silent', 'denied', 'missing', 'none'))
        """,
        "alter table proctor_consent alter microphone drop default",
    )
    region_policy("proctor_room_rule")
    grant(
        "proctor_room_rule",
        app="select, insert, update (after_s, asks_screen, asks_microphone, changed_by, changed_at)",
    )
