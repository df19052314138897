"""Attested hours by two people: one claims them, another confirms; what stood before stays as it was."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T1045"
down_revision = "20261127T1040"


def upgrade() -> None:
    run(
        "alter table training_hours add column confirmed_by uuid",
        # no check constraint: the ledger is append-only, and what one clerk alone attested before today is history
        """
        create function training_guard_attested() returns trigger language plpgsql as $$
        begin
            if new.origin = 'attested' and new.recorded_by is not null
                and (new.confirmed_by is null or new.confirmed_by = new.recorded_by)
            then
                raise exception 'attested hours want two people' using errcode = 'check_violation';
            end if;
            return new;
        end
        $$
        """,
        "create trigger training_hours_two_people before insert on training_hours"
        " for each row execute function training_guard_attested()",
        """
        create table training_hours_claim (
            id uuid constraint training_hours_claim_pkey primary key,
            person_id uuid not null constraint training_hours_claim_person_id_fkey references identity_person,
            region text not null,
            qualification text not null,
            kind text not null check (kind in ('initial', 'continuing', 'review')),
            hours integer not null check (hours between 1 and 1000000),
            source text not null check (source <> ''),
            state text not null check (state in ('proposed', 'confirmed', 'declined')),
            proposed_by uuid not null,
            proposed_by_name text not null,
            proposed_at timestamptz not null,
            decided_by uuid,
            decided_at timestamptz,
            check (decided_by <> proposed_by),
            check ((state = 'proposed') = (decided_by is null) and (decided_by is null) = (decided_at is null))
        )
        """,
        "create index training_hours_claim_open_idx on training_hours_claim (region) where state = 'proposed'",
        """
        create function training_guard_hours_claim() returns trigger language plpgsql as $$
        begin
            if old.state <> 'proposed' or (to_jsonb(new) - array['state', 'decided_by', 'decided_at'])
                <> (to_jsonb(old) - array['state', 'decided_by', 'decided_at'])
            then
                raise exception 'claim % is decided', old.id using errcode = 'insufficient_privilege';
            end if;
            return new;
        end
        $$
        """,
        "create trigger training_hours_claim_guard before update on training_hours_claim"
        " for each row execute function training_guard_hours_claim()",
    )
    region_policy("training_hours_claim")
    grant("training_hours_claim", app="select, insert, update (state, decided_by, decided_at)")
