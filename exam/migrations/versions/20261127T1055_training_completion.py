"""Certificates of completed training, signed by the worker."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T1055"
down_revision = "20261127T1053"


def upgrade() -> None:
    run(
        """
        create table training_completion (
            id uuid constraint training_completion_pkey primary key,
            number text not null constraint training_completion_number_key unique check (number ~ '^[0-9A-Z]{16}$'),
            enrolment_id uuid not null constraint training_completion_enrolment_id_fkey references training_enrolment,
            class_id uuid not null constraint training_completion_class_id_fkey references training_class,
            person_id uuid not null constraint training_completion_person_id_fkey references identity_person,
            region text not null,
            qualification text not null,
            kind text not null check (kind in ('initial', 'continuing', 'review')),
            name_masked text not null,
            id_masked text not null,
            content jsonb not null,
            digest text not null check (digest ~ '^[0-9a-f]{64}$'),
            state text not null check (state in ('issued', 'signed', 'objected')),
            objection text not null,
            issued_by uuid not null,
            issued_by_name text not null,
            issued_at timestamptz not null,
            decided_at timestamptz,
            keep_until date not null,
            check ((state = 'issued') = (decided_at is null)),
            check ((state = 'objected') = (objection <> ''))
        )
        """,
        "create unique index training_completion_standing_idx on training_completion (enrolment_id)"
        " where state <> 'objected'",
        "create index training_completion_class_id_idx on training_completion (class_id)",
        """
        create function training_guard_completion() returns trigger language plpgsql as $$
        begin
            if old.state <> 'issued' or (to_jsonb(new) - array['state', 'objection', 'decided_at'])
                <> (to_jsonb(old) - array['state', 'objection', 'decided_at'])
            then
                raise exception 'certificate % is fixed', old.number using errcode = 'insufficient_privilege';
            end if;
            return new;
        end
        $$
        """,
        "create trigger training_completion_guard before update on training_completion"
        " for each row execute function training_guard_completion()",
        # a statutory record: no role deletes it, before its three years or after
        "create trigger training_completion_kept before delete on training_completion"
        " for each row execute function ankao_refuse_change()",
        "create trigger training_completion_no_truncate before truncate on training_completion"
        " for each statement execute function ankao_refuse_change()",
    )
    region_policy("training_completion", person="person_id")
    run(
        # the worker's own hand: no clerk of any region signs or objects
        "create policy training_completion_own on training_completion as restrictive for update to ankao_app"
        " using (person_id = ankao_person())",
        """
        create function training_public_completion(wanted text) returns table (
            name_masked text, id_masked text, qualification text, kind text, content jsonb, digest text, state text,
            issued_at timestamptz, decided_at timestamptz)
            language sql stable security definer set search_path = public, pg_temp as $$
            select c.name_masked, c.id_masked, c.qualification, c.kind, c.content, c.digest, c.state, c.issued_at,
                c.decided_at
            from training_completion c where c.number = wanted
        $$
        """,
        "revoke execute on function training_public_completion(text) from public",
        "grant execute on function training_public_completion(text) to ankao_public",
    )
    grant("training_completion", app="select, insert, update (state, objection, decided_at)")
