"""Leads by rules as data: what they rest on and every step; the party reads its case from the notice on."""

from exam.migrations.sql import append_only, grant, run

revision = "20261127T1310"
down_revision = "20261127T1255"


def upgrade() -> None:
    _clue()
    _evidence()
    _step()
    _views()


def _clue() -> None:
    run(
        """
        create table records_credit_clue (
            id uuid constraint records_credit_clue_pkey primary key,
            rule text not null,
            organisation_id uuid constraint records_credit_clue_organisation_id_fkey references identity_organisation,
            person_id uuid constraint records_credit_clue_person_id_fkey references identity_person,
            subject_name text not null check (length(subject_name) between 1 and 200),
            region text not null,
            state text not null
                check (state in ('found', 'dismissed', 'noticed', 'heard', 'drafted', 'decided', 'closed')),
            found_at timestamptz not null,
            due_on date not null,
            check (num_nonnulls(organisation_id, person_id) = 1)
        )
        """,
        "create unique index records_credit_clue_new_idx on records_credit_clue"
        " (rule, coalesce(organisation_id, person_id)) where state = 'found'",
        "create index records_credit_clue_region_idx on records_credit_clue (region text_pattern_ops, state, due_on)",
        "create index records_credit_clue_organisation_id_idx on records_credit_clue (organisation_id)",
        "create index records_credit_clue_person_id_idx on records_credit_clue (person_id)",
        _GUARD,
        "create trigger records_credit_clue_guard before insert or update on records_credit_clue"
        " for each row execute function records_guard_clue()",
        "create trigger records_credit_clue_keep before delete on records_credit_clue"
        " for each row execute function ankao_refuse_change()",
        "alter table records_credit_clue enable row level security",
        # a lead that nobody has looked into is the authority's alone: the party reads its case once it has been told
        """
        create policy records_credit_clue_scope on records_credit_clue to ankao_app using (
            ankao_in_region(region) or (state not in ('found', 'dismissed')
                and (organisation_id = ankao_organisation() or person_id = ankao_person()))
        )
        """,
    )
    grant("records_credit_clue", app="select, insert, update (state, due_on)")


def _evidence() -> None:
    run(
        """
        create table records_credit_evidence (
            id uuid constraint records_credit_evidence_pkey primary key,
            clue_id uuid not null constraint records_credit_evidence_clue_id_fkey references records_credit_clue,
            region text not null,
            kind text not null check (kind in ('engagement', 'attendance', 'incident', 'credential')),
            subject_id uuid not null,
            person_id uuid not null constraint records_credit_evidence_person_id_fkey references identity_person,
            facts jsonb not null check (jsonb_typeof(facts) = 'object'),
            noted_at timestamptz not null,
            constraint records_credit_evidence_clue_id_subject_id_key unique (clue_id, subject_id)
        )
        """,
        "create index records_credit_evidence_subject_id_idx on records_credit_evidence (subject_id, noted_at)",
    )
    _with_its_clue("records_credit_evidence")


def _step() -> None:
    run(
        """
        create table records_credit_step (
            id uuid constraint records_credit_step_pkey primary key,
            clue_id uuid not null constraint records_credit_step_clue_id_fkey references records_credit_clue,
            region text not null,
            act text not null,
            by_account uuid,
            by_person uuid,
            at timestamptz not null,
            text text not null check (length(text) <= 4000)
        )
        """,
        "create index records_credit_step_clue_id_idx on records_credit_step (clue_id, at)",
    )
    _with_its_clue("records_credit_step")


def _with_its_clue(table: str) -> None:
    """Show what belongs to a lead to whoever sees the lead, whose own policy the subquery is under."""
    append_only(table)
    grant(table, app="select, insert")
    run(
        f"alter table {table} enable row level security",
        f"create policy {table}_scope on {table} to ankao_app using"
        f" (exists (select 1 from records_credit_clue c where c.id = {table}.clue_id))",
    )


def _views() -> None:
    """Publish what the rules look at, under the reader's own row-level security."""
    run(
        # of each roll what was written last: a person who was in two places at once
        """
        create view records_v_attendance with (security_invoker = true) as
            select a.id, a.person_id, a.session_id, s.class_id, c.organisation_id, c.body_name, c.title, a.region,
                a.from_at, a.until_at, a.recorded_at
            from training_attendance a
            join training_session s on s.id = a.session_id
            join training_class c on c.id = s.class_id
            where a.from_at < a.until_at and not exists (
                select 1 from training_attendance later where later.session_id = a.session_id
                    and later.enrolment_id = a.enrolment_id and later.revision > a.revision)
        """,
        """
        create view records_v_fraud with (security_invoker = true) as
            select p.id, p.credential_id, c.person_id, c.holder_masked, c.qualification, p.region, p.decided_at
            from certs_proposal p join certs_credential c on c.id = p.credential_id
            where p.act = 'revoke' and p.fraud and p.confirmed
        """,
    )
    grant("records_v_attendance", app="select")
    grant("records_v_fraud", app="select")


_GUARD = """
create function records_guard_clue() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.state <> 'found' then
            raise exception 'a lead begins with being found' using errcode = 'integrity_constraint_violation';
        end if;
        return new;
    end if;
    if old.state in ('dismissed', 'decided', 'closed') then
        raise exception 'lead % is over', old.id using errcode = 'integrity_constraint_violation';
    end if;
    if new.state <> old.state and (old.state || '>' || new.state) <> all(array['found>dismissed', 'found>noticed',
        'noticed>heard', 'noticed>drafted', 'heard>drafted', 'drafted>heard', 'drafted>decided', 'drafted>closed'])
    then
        raise exception 'lead %: % cannot become %', old.id, old.state, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    -- the party may answer, and nothing else
    if not ankao_in_region(old.region) and (old.state || '>' || new.state) <> 'noticed>heard' then
        raise exception 'lead % is the authority''s', old.id using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$
"""
