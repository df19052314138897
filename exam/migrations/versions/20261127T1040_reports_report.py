"""Reports upward: versions that are signed by a second person and end received or returned by the level above."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T1040"
down_revision = "20261127T1030"


def upgrade() -> None:
    run(
        """
        create table reports_report (
            id uuid constraint reports_report_pkey primary key,
            form text not null,
            region text not null,
            to_region text not null,
            first_on date not null,
            last_on date not null check (last_on >= first_on),
            due_on date not null,
            version integer not null check (version between 1 and 1000),
            state text not null check (state in ('draft', 'signed', 'submitted', 'received', 'returned')),
            figures jsonb not null check (jsonb_typeof(figures) = 'object'),
            entries jsonb not null check (jsonb_typeof(entries) = 'object'),
            note text not null check (length(note) <= 2000),
            filled_by uuid not null,
            filled_at timestamptz not null,
            signed_by uuid check (signed_by <> filled_by),
            signed_at timestamptz,
            submitted_by uuid,
            submitted_at timestamptz,
            decided_by uuid check (decided_by <> signed_by and decided_by <> filled_by),
            decided_at timestamptz,
            reason text not null default '' check (length(reason) <= 2000),
            check ((state = 'draft') = (signed_by is null)),
            check ((signed_by is null) = (signed_at is null)),
            check ((state in ('submitted', 'received', 'returned')) = (submitted_at is not null)),
            check ((submitted_by is null) = (submitted_at is null)),
            check ((state in ('received', 'returned')) = (decided_by is not null)),
            check ((decided_by is null) = (decided_at is null)),
            check (state <> 'returned' or reason <> ''),
            constraint reports_report_form_region_first_on_version_key unique (form, region, first_on, version)
        )
        """,
        # one version at a time is on its way
        "create unique index reports_report_open_idx on reports_report (form, region, first_on)"
        " where state in ('draft', 'signed', 'submitted')",
        "create index reports_report_region_idx on reports_report (region text_pattern_ops, first_on)",
        _GUARD,
        "create trigger reports_report_guard before insert or update on reports_report"
        " for each row execute function reports_guard_report()",
        "create trigger reports_report_keep before delete on reports_report"
        " for each row execute function ankao_refuse_change()",
    )
    grant(
        "reports_report",
        app="select, insert, update (state, figures, entries, note, filled_by, filled_at, signed_by, signed_at,"
        " submitted_by, submitted_at, decided_by, decided_at, reason)",
    )
    region_policy("reports_report")


# what has been signed is what travels, and only the level above receives or returns it
_GUARD = """
create function reports_guard_report() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.state <> 'draft' then
            raise exception 'a report begins as a draft' using errcode = 'integrity_constraint_violation';
        end if;
        return new;
    end if;
    if old.state in ('received', 'returned') then
        raise exception 'report % is archived', old.id using errcode = 'integrity_constraint_violation';
    end if;
    if new.state <> old.state and (old.state || '>' || new.state) <> all(array['draft>signed', 'signed>draft',
        'signed>submitted', 'submitted>received', 'submitted>returned'])
    then
        raise exception 'report %: % cannot become %', old.id, old.state, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    if old.state <> 'draft' and (new.figures, new.entries, new.note, new.filled_by)
        is distinct from (old.figures, old.entries, old.note, old.filled_by)
    then
        raise exception 'report % is signed', old.id using errcode = 'integrity_constraint_violation';
    end if;
    if new.state in ('received', 'returned') and not ankao_in_region(old.to_region) then
        raise exception 'report % is decided by the level above', old.id
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$
"""
