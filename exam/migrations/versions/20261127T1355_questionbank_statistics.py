"""What grading tells the bank after each sitting: how every item did, how often it was seen, and where it may have leaked."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T1355"
down_revision = "20261127T1345"


def upgrade() -> None:
    _sittings()
    _items()
    _suspicions()


def _sittings() -> None:
    run(
        """
        create table questionbank_sitting_statistic (
            sitting_id uuid constraint questionbank_sitting_statistic_pkey primary key,
            qualification text not null,
            region text not null,
            centre_id uuid not null,
            centre_name text not null,
            title text not null,
            held_on date not null,
            candidates integer not null check (candidates >= 0),
            recorded_at timestamptz not null
        )
        """,
        "create index questionbank_sitting_statistic_held_on_idx on questionbank_sitting_statistic"
        " (qualification, held_on)",
    )
    grant("questionbank_sitting_statistic", bank="select, insert, update")
    region_policy("questionbank_sitting_statistic")


def _items() -> None:
    run(
        """
        create table questionbank_item_statistic (
            sitting_id uuid not null
                constraint questionbank_item_statistic_sitting_id_fkey references questionbank_sitting_statistic,
            item_id uuid not null constraint questionbank_item_statistic_item_id_fkey references questionbank_item,
            version text not null check (version ~ '^[0-9a-f]{64}$'),
            region text not null,
            seen integer not null,
            asked integer not null,
            correct integer not null,
            blank integer not null,
            earned bigint not null,
            earned_squares bigint not null,
            rest bigint not null,
            rest_squares bigint not null,
            products bigint not null,
            choices jsonb not null,
            constraint questionbank_item_statistic_pkey primary key (sitting_id, item_id, version),
            check (0 <= correct and correct <= asked and 0 <= blank and blank <= asked and asked <= seen)
        )
        """,
        "create index questionbank_item_statistic_item_id_idx on questionbank_item_statistic (item_id)",
    )
    grant("questionbank_item_statistic", bank="select, insert, update")
    region_policy("questionbank_item_statistic")


def _suspicions() -> None:
    run(
        """
        create table questionbank_item_suspicion (
            id uuid constraint questionbank_item_suspicion_pkey primary key,
            item_id uuid not null constraint questionbank_item_suspicion_item_id_fkey references questionbank_item,
            version text not null,
            region text not null,
            sitting_id uuid not null
                constraint questionbank_item_suspicion_sitting_id_fkey references questionbank_sitting_statistic,
            centre_id uuid,
            centre_name text not null,
            asked_before integer not null,
            percent_before integer not null,
            percent_expected integer not null,
            asked_now integer not null,
            percent_now integer not null,
            found_at timestamptz not null,
            state text not null check (state in ('open', 'dismissed', 'confirmed')),
            decided_by uuid,
            decided_by_name text not null,
            decided_at timestamptz,
            reason text not null,
            check ((state = 'open') = (decided_by is null)),
            check ((state = 'open') = (decided_at is null)),
            check (state = 'open' or reason <> '')
        )
        """,
        "create unique index questionbank_item_suspicion_open_idx on questionbank_item_suspicion"
        " (item_id, centre_id) nulls not distinct where state = 'open'",
        # what was found stays as it was found, and what was decided stays decided
        """
        create function questionbank_guard_suspicion() returns trigger language plpgsql as $$
        begin
            if old.state <> 'open' or (to_jsonb(new) - '{state,decided_by,decided_by_name,decided_at,reason}'::text[])
                <> (to_jsonb(old) - '{state,decided_by,decided_by_name,decided_at,reason}'::text[])
            then
                raise exception 'suspicion % is fixed', old.id using errcode = 'insufficient_privilege';
            end if;
            return new;
        end
        $$
        """,
        "create trigger questionbank_item_suspicion_guard before update on questionbank_item_suspicion"
        " for each row execute function questionbank_guard_suspicion()",
    )
    grant(
        "questionbank_item_suspicion",
        bank="select, insert, update (state, decided_by, decided_by_name, decided_at, reason)",
    )
    region_policy("questionbank_item_suspicion")
