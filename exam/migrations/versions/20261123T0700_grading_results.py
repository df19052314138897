"""Scores, results and their release, practical sheets, regrades, appeals."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261123T0700"
down_revision = "20261123T0600"


def upgrade() -> None:
    _sheets()
    _regrades()
    _scores()
    _results()
    _releases()
    _appeals()


def _sheets() -> None:
    run(
        """
        create table grading_practical_sheet (
            id uuid constraint grading_practical_sheet_pkey primary key,
            registration_id uuid not null,
            sitting_id uuid not null,
            person_id uuid not null constraint grading_practical_sheet_person_id_fkey references identity_person,
            qualification text not null,
            region text not null,
            rule_set text not null,
            take integer not null check (take between 1 and 100),
            state text not null check (state in ('recorded', 'confirmed', 'disputed', 'settled')),
            first_by uuid not null,
            first_marks jsonb not null,
            first_vetoes jsonb not null,
            first_note text not null check (length(first_note) <= 2000),
            first_at timestamptz not null,
            second_by uuid,
            second_marks jsonb,
            second_vetoes jsonb,
            second_note text check (length(second_note) <= 2000),
            second_at timestamptz,
            settled_by uuid,
            settled_marks jsonb,
            settled_vetoes jsonb,
            settled_note text check (length(settled_note) <= 2000),
            settled_at timestamptz,
            check (second_by <> first_by),
            check (settled_by <> first_by and settled_by <> second_by),
            check ((state = 'recorded') = (second_by is null)),
            check ((state = 'settled') = (settled_by is not null)),
            constraint grading_practical_sheet_registration_id_take_key unique (registration_id, take)
        )
        """,
        "create unique index grading_practical_sheet_open_idx on grading_practical_sheet (registration_id)"
        " where state in ('recorded', 'disputed')",
        _GUARD_SHEET,
        "create trigger grading_practical_sheet_guard before insert or update on grading_practical_sheet"
        " for each row execute function grading_guard_sheet()",
    )
    second = ", ".join(f"{who}_{what}" for who in ("second", "settled") for what in _PARTS)
    grant("grading_practical_sheet", app=f"select, insert, update (state, {second})")
    region_policy("grading_practical_sheet")


def _regrades() -> None:
    run(
        """
        create table grading_regrade (
            id uuid constraint grading_regrade_pkey primary key,
            sitting_id uuid not null,
            region text not null,
            changes jsonb not null check (jsonb_typeof(changes) = 'array'),
            reason text not null check (length(reason) between 1 and 2000),
            effect jsonb not null,
            state text not null check (state in ('proposed', 'approved', 'rejected')),
            proposed_by uuid not null,
            proposed_at timestamptz not null,
            decided_by uuid,
            decided_at timestamptz,
            check ((state = 'proposed') = (decided_by is null and decided_at is null))
        )
        """,
        "create index grading_regrade_sitting_id_idx on grading_regrade (sitting_id)",
        _GUARD_REGRADE,
        "create trigger grading_regrade_guard before insert or update on grading_regrade"
        " for each row execute function grading_guard_regrade()",
    )
    grant("grading_regrade", app="select, insert, update (state, effect, decided_by, decided_at)")
    region_policy("grading_regrade")


def _scores() -> None:
    run(
        """
        create table grading_score (
            id uuid constraint grading_score_pkey primary key,
            attempt_id uuid not null constraint grading_score_attempt_id_fkey references delivery_attempt,
            version integer not null check (version between 1 and 1000),
            sitting_id uuid not null,
            region text not null,
            form_id uuid not null,
            regrade_id uuid constraint grading_score_regrade_id_fkey references grading_regrade,
            form_digest bytea not null check (length(form_digest) = 32),
            response_digest bytea check (length(response_digest) = 32),
            algorithm text not null,
            slots jsonb not null check (jsonb_typeof(slots) = 'array'),
            marks integer not null check (marks between 0 and full_marks),
            full_marks integer not null check (full_marks between 0 and 10000000),
            correct integer not null check (correct between 0 and 500),
            answered integer not null check (answered between 0 and 500),
            made_at timestamptz not null,
            check ((version = 1) = (regrade_id is null)),
            constraint grading_score_attempt_id_version_key unique (attempt_id, version)
        )
        """,
        "create index grading_score_sitting_id_idx on grading_score (sitting_id)",
    )
    append_only("grading_score")
    grant("grading_score", app="select, insert")
    region_policy("grading_score")


def _results() -> None:
    run(
        """
        create table grading_result (
            id uuid constraint grading_result_pkey primary key,
            attempt_id uuid constraint grading_result_attempt_id_fkey references delivery_attempt,
            sheet_id uuid constraint grading_result_sheet_id_fkey references grading_practical_sheet,
            origin_id uuid not null generated always as (coalesce(attempt_id, sheet_id)) stored,
            version integer not null check (version between 1 and 1000),
            sitting_id uuid not null,
            registration_id uuid not null,
            person_id uuid not null constraint grading_result_person_id_fkey references identity_person,
            region text not null,
            qualification text not null,
            part text not null check (part in ('theory', 'practical')),
            marks integer not null check (marks between 0 and 10000),
            pass_marks integer not null check (pass_marks between 0 and 10000),
            passed boolean not null,
            outcome text not null check (outcome in ('passed', 'failed',
                'theory_passed_practical_outstanding', 'practical_passed_theory_outstanding')),
            rule_set text not null,
            score_id uuid constraint grading_result_score_id_fkey references grading_score,
            regrade_id uuid constraint grading_result_regrade_id_fkey references grading_regrade,
            reason text not null,
            made_by uuid,
            approved_by uuid,
            taken_at timestamptz not null,
            made_at timestamptz not null,
            check ((part = 'theory') = (attempt_id is not null)),
            check ((part = 'practical') = (sheet_id is not null)),
            check (marks >= pass_marks or not passed),
            check (passed = (outcome <> 'failed')),
            check (approved_by <> made_by),
            constraint grading_result_origin_id_version_key unique (origin_id, version)
        )
        """,
        "create index grading_result_sitting_id_idx on grading_result (sitting_id)",
        "create index grading_result_registration_id_idx on grading_result (registration_id)",
        "create index grading_result_person_id_idx on grading_result (person_id)",
        "create index grading_result_outstanding_idx on grading_result (taken_at)"
        " where outcome = 'theory_passed_practical_outstanding'",
        _GUARD_RESULT,
        "create trigger grading_result_guard before insert on grading_result"
        " for each row execute function grading_guard_result()",
    )
    append_only("grading_result")
    grant("grading_result", app="select, insert")


def _releases() -> None:
    run(
        """
        create table grading_release (
            id uuid constraint grading_release_pkey primary key,
            result_id uuid not null constraint grading_release_result_id_fkey references grading_result
                constraint grading_release_result_id_key unique,
            person_id uuid not null constraint grading_release_person_id_fkey references identity_person,
            region text not null,
            released_by uuid,
            released_at timestamptz not null
        )
        """,
        "create index grading_release_person_id_idx on grading_release (person_id)",
        _GUARD_RELEASE,
        "create trigger grading_release_guard before insert on grading_release"
        " for each row execute function grading_guard_release()",
    )
    append_only("grading_release")
    grant("grading_release", app="select, insert")
    run(
        "alter table grading_release enable row level security",
        "create policy grading_release_scope on grading_release to ankao_app"
        " using (ankao_in_region(region) or person_id = ankao_person()) with check (ankao_in_region(region))",
        "alter table grading_result enable row level security",
        # a candidate learns a result by its release and not a moment earlier
        """
        create policy grading_result_scope on grading_result to ankao_app using (
            ankao_in_region(region) or (person_id = ankao_person()
                and exists (select 1 from grading_release r where r.result_id = grading_result.id))
        ) with check (ankao_in_region(region))
        """,
    )


def _appeals() -> None:
    run(
        """
        create table grading_appeal (
            id uuid constraint grading_appeal_pkey primary key,
            result_id uuid not null constraint grading_appeal_result_id_fkey references grading_result
                constraint grading_appeal_result_id_key unique,
            person_id uuid not null constraint grading_appeal_person_id_fkey references identity_person,
            region text not null,
            grounds text not null check (length(grounds) between 1 and 2000),
            filed_at timestamptz not null,
            state text not null check (state in ('filed', 'upheld', 'dismissed')),
            decided_by uuid,
            decided_at timestamptz,
            answer text check (length(answer) between 1 and 2000),
            check ((state = 'filed') = (decided_by is null and decided_at is null and answer is null))
        )
        """,
        "create index grading_appeal_person_id_idx on grading_appeal (person_id)",
        _GUARD_APPEAL,
        "create trigger grading_appeal_guard before insert or update on grading_appeal"
        " for each row execute function grading_guard_appeal()",
    )
    grant("grading_appeal", app="select, insert, update (state, decided_by, decided_at, answer)")
    region_policy("grading_appeal", person="person_id")


_PARTS = ("by", "marks", "vetoes", "note", "at")

# what an assessor has signed stays as it was signed; the state moves only forward
_GUARD_SHEET = """
create function grading_guard_sheet() returns trigger language plpgsql as $$
declare
    forward constant text[] := array['recorded>confirmed', 'recorded>disputed', 'disputed>settled'];
begin
    if tg_op = 'INSERT' then
        if new.state <> 'recorded' then
            raise exception 'a practical sheet begins as recorded' using errcode = 'integrity_constraint_violation';
        end if;
        return new;
    end if;
    if (old.state || '>' || new.state) <> all(forward) then
        raise exception 'practical sheet %: % cannot become %', old.id, old.state, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    if old.second_by is not null and (new.second_by, new.second_marks, new.second_vetoes, new.second_note, new.second_at)
        is distinct from (old.second_by, old.second_marks, old.second_vetoes, old.second_note, old.second_at)
    then
        raise exception 'practical sheet %: what was signed would change', old.id
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""

# DESIGN.md §6.8: a regrade needs a second person, whatever the service believed
_GUARD_REGRADE = """
create function grading_guard_regrade() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.state <> 'proposed' then
            raise exception 'a regrade begins as proposed' using errcode = 'integrity_constraint_violation';
        end if;
        return new;
    end if;
    if old.state <> 'proposed' or new.state = 'proposed' then
        raise exception 'regrade % is decided', old.id using errcode = 'integrity_constraint_violation';
    end if;
    if new.state = 'approved' and new.decided_by = old.proposed_by then
        raise exception 'regrade % must be approved by a second person', old.id
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""

# versions follow each other without a gap; a correction names two people, or the act that voided the attempt
_GUARD_RESULT = """
create function grading_guard_result() returns trigger language plpgsql as $$
declare
    newest integer;
begin
    select coalesce(max(version), 0) into newest from grading_result
        where attempt_id = new.attempt_id or sheet_id = new.sheet_id;
    if new.version <> newest + 1 then
        raise exception 'result of %: version % does not follow %',
            coalesce(new.attempt_id, new.sheet_id), new.version, newest using errcode = 'integrity_constraint_violation';
    end if;
    if new.attempt_id is not null and not exists (
        select 1 from delivery_attempt a where a.id = new.attempt_id and a.person_id = new.person_id
            and (a.state in ('scored', 'released') or (a.state = 'voided' and new.version > 1 and not new.passed))
    ) then
        raise exception 'attempt % can have no such result', new.attempt_id
            using errcode = 'integrity_constraint_violation';
    end if;
    if new.sheet_id is not null and not exists (
        select 1 from grading_practical_sheet s where s.id = new.sheet_id and s.person_id = new.person_id
            and s.state in ('confirmed', 'settled')
    ) then
        raise exception 'practical sheet % is not decided', new.sheet_id
            using errcode = 'integrity_constraint_violation';
    end if;
    if new.version > 1 and not exists (
        select 1 from grading_regrade g where g.id = new.regrade_id and g.sitting_id = new.sitting_id
            and g.state = 'approved' and g.proposed_by = new.made_by and g.decided_by = new.approved_by
    ) and not exists (
        select 1 from delivery_attempt a where a.id = new.attempt_id and a.state = 'voided'
            and new.reason = 'attempt_voided'
    ) then
        raise exception 'a corrected result needs an approved regrade' using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""

# nothing is first released while a hold stands or after a void, and only the newest version ever is
_GUARD_RELEASE = """
create function grading_guard_release() returns trigger language plpgsql as $$
declare
    result grading_result;
begin
    select * into result from grading_result where id = new.result_id;
    if result.id is null or result.person_id <> new.person_id or exists (
        select 1 from grading_result later where later.origin_id = result.origin_id and later.version > result.version
    ) then
        raise exception 'result % is not the newest of its attempt', new.result_id
            using errcode = 'integrity_constraint_violation';
    end if;
    if exists (
        select 1 from delivery_attempt a where a.registration_id = result.registration_id and (a.state = 'voided'
            or exists (select 1 from delivery_hold h where h.attempt_id = a.id and h.released_at is null))
    ) and not exists (
        select 1 from grading_release r join grading_result earlier on earlier.id = r.result_id
        where earlier.origin_id = result.origin_id
    ) then
        raise exception 'result % is held', new.result_id using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""

_GUARD_APPEAL = """
create function grading_guard_appeal() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.state <> 'filed' then
            raise exception 'an appeal begins as filed' using errcode = 'integrity_constraint_violation';
        end if;
        return new;
    end if;
    if old.state <> 'filed' or new.state = 'filed' then
        raise exception 'appeal % is decided', old.id using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""
