"""Notice, decision by two people, and what stands on record after it; the party reads its own from the notice on."""

from exam.migrations.sql import append_only, grant, run

revision = "20261127T1358"
down_revision = "20261127T1355"


def upgrade() -> None:
    _notice()
    _decision()
    _record()


def _notice() -> None:
    run(
        """
        create table records_credit_notice (
            clue_id uuid constraint records_credit_notice_pkey primary key
                constraint records_credit_notice_clue_id_fkey references records_credit_clue,
            region text not null,
            document_no text not null check (length(document_no) between 1 and 64),
            text text not null check (length(text) between 1 and 2000),
            defence_until_on date not null,
            noticed_by uuid,
            noticed_at timestamptz not null
        )
        """,
    )
    append_only("records_credit_notice")
    grant("records_credit_notice", app="select, insert")
    _with_its_clue("records_credit_notice", "true")


def _decision() -> None:
    run(
        """
        create table records_credit_decision (
            id uuid constraint records_credit_decision_pkey primary key,
            clue_id uuid not null constraint records_credit_decision_clue_id_fkey references records_credit_clue,
            region text not null,
            state text not null check (state in ('drafted', 'returned', 'confirmed')),
            penalised boolean not null,
            document_title text not null check (length(document_title) between 1 and 64),
            document_no text not null check (length(document_no) between 1 and 64),
            conduct text not null check (length(conduct) between 1 and 200),
            facts text not null check (length(facts) between 1 and 2000),
            basis text not null check (length(basis) between 1 and 1000),
            kinds text not null check (length(kinds) between 1 and 100),
            content text not null check (length(content) between 1 and 2000),
            fine numeric(14, 6) not null check (fine between 0 and 1000000),
            forfeited numeric(14, 6) not null check (forfeited between 0 and 1000000),
            licence text not null check (length(licence) <= 200),
            authority text not null check (length(authority) between 1 and 200),
            authority_code text not null check (length(authority_code) in (0, 18)),
            decided_on date not null,
            severity text not null check (severity in ('minor', 'general', 'serious')),
            months integer not null check (months between 0 and 36),
            ban_years integer not null check (ban_years between 0 and 10),
            drafted_by uuid not null,
            drafted_at timestamptz not null,
            confirmed_by uuid,
            confirmed_at timestamptz,
            reason text not null default '' check (length(reason) <= 2000),
            check ((state = 'drafted') = (confirmed_by is null)),
            check ((confirmed_by is null) = (confirmed_at is null)),
            -- whoever wrote it down may take it back, and never confirms it
            check (state <> 'confirmed' or confirmed_by <> drafted_by)
        )
        """,
        "create unique index records_credit_decision_open_idx on records_credit_decision (clue_id)"
        " where state in ('drafted', 'confirmed')",
        "create unique index records_credit_decision_document_no_idx on records_credit_decision (document_no)"
        " where state = 'confirmed'",
        _GUARD,
        "create trigger records_credit_decision_guard before insert or update on records_credit_decision"
        " for each row execute function records_guard_decision()",
        "create trigger records_credit_decision_keep before delete on records_credit_decision"
        " for each row execute function ankao_refuse_change()",
    )
    grant("records_credit_decision", app="select, insert, update (state, confirmed_by, confirmed_at, reason)")
    # the party reads what was decided, and no draft of it
    _with_its_clue("records_credit_decision", "state = 'confirmed'")


def _with_its_clue(table: str, told: str) -> None:
    """Show what belongs to a lead to the authority, and to the party where it has been told."""
    clue = f"exists (select 1 from records_credit_clue c where c.id = {table}.clue_id)"
    run(
        f"alter table {table} enable row level security",
        f"create policy {table}_scope on {table} to ankao_app"
        f" using (ankao_in_region(region) or (({told}) and {clue})) with check (ankao_in_region(region))",
    )


def _record() -> None:
    run(
        """
        create table records_credit_record (
            id uuid constraint records_credit_record_pkey primary key,
            decision_id uuid constraint records_credit_record_decision_id_fkey references records_credit_decision,
            organisation_id uuid constraint records_credit_record_organisation_id_fkey references identity_organisation,
            person_id uuid constraint records_credit_record_person_id_fkey references identity_person,
            subject_name text not null check (length(subject_name) between 1 and 200),
            region text not null,
            kind text not null check (kind in ('penalty', 'listing')),
            document_no text not null,
            title text not null,
            content text not null,
            authority text not null,
            severity text not null check (severity in ('minor', 'general', 'serious')),
            decided_on date not null,
            report_by_on date not null,
            repair_from_on date not null check (repair_from_on >= decided_on),
            publish_until_on date check (publish_until_on >= repair_from_on),
            kept_until_on date not null check (kept_until_on >= coalesce(publish_until_on, decided_on)),
            state text not null check (state in ('standing', 'repaired', 'withdrawn')),
            ended_on date,
            entered_at timestamptz not null,
            constraint records_credit_record_decision_id_key unique (decision_id),
            check (num_nonnulls(organisation_id, person_id) = 1),
            -- nothing enters by itself: a penalty has its decision
            check (kind <> 'penalty' or decision_id is not null),
            check ((state = 'standing') = (ended_on is null))
        )
        """,
        "create index records_credit_record_region_idx on records_credit_record (region text_pattern_ops, decided_on)",
        "create index records_credit_record_organisation_id_idx on records_credit_record (organisation_id)",
        "create index records_credit_record_person_id_idx on records_credit_record (person_id)",
        _GUARD_RECORD,
        "create trigger records_credit_record_guard before insert or update on records_credit_record"
        " for each row execute function records_guard_record()",
        "create trigger records_credit_record_keep before delete on records_credit_record"
        " for each row execute function ankao_refuse_change()",
        "alter table records_credit_record enable row level security",
        "create policy records_credit_record_scope on records_credit_record to ankao_app"
        " using (ankao_in_region(region) or organisation_id = ankao_organisation() or person_id = ankao_person())"
        " with check (ankao_in_region(region))",
    )
    grant("records_credit_record", app="select, insert, update (state, ended_on)")


_GUARD = """
create function records_guard_decision() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' and new.state <> 'drafted' then
        raise exception 'a decision is written down first' using errcode = 'integrity_constraint_violation';
    end if;
    if tg_op = 'UPDATE' and old.state <> 'drafted' then
        raise exception 'decision % is over', old.id using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""
_GUARD_RECORD = """
create function records_guard_record() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' and (new.state <> 'standing' or (new.decision_id is not null and not exists (
        select 1 from records_credit_decision d
        where d.id = new.decision_id and d.state = 'confirmed' and d.penalised)))
    then
        raise exception 'nothing stands on record without a confirmed decision'
            using errcode = 'integrity_constraint_violation';
    end if;
    if tg_op = 'UPDATE' and old.state <> 'standing' then
        raise exception 'record % has ended', old.id using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""
