"""What a candidate agreed to before the camera opened, and who let one without a camera go on."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261127T0345"
down_revision = "20261127T0340"


def upgrade() -> None:
    run(
        """
        create table proctor_consent (
            id uuid constraint proctor_consent_pkey primary key,
            attempt_id uuid not null constraint proctor_consent_attempt_id_fkey references delivery_attempt,
            region text not null,
            agreed boolean not null,
            camera text not null check (camera in ('ok', 'denied', 'missing', 'none')),
            screen boolean not null,
            uplink_kbps integer not null check (uplink_kbps >= 0),
            skew_ms bigint not null,
            at timestamptz not null
        )
        """,
        "create index proctor_consent_attempt_id_at_idx on proctor_consent (attempt_id, at)",
        """
        create table proctor_waiver (
            id uuid constraint proctor_waiver_pkey primary key,
            attempt_id uuid not null constraint proctor_waiver_attempt_id_fkey references delivery_attempt,
            region text not null,
            reason text not null check (reason <> ''),
            note text not null,
            actor uuid not null,
            at timestamptz not null
        )
        """,
        "create index proctor_waiver_attempt_id_idx on proctor_waiver (attempt_id)",
    )
    for table in ("proctor_consent", "proctor_waiver"):
        append_only(table)
        grant(table, app="select, insert")
        region_policy(table)
