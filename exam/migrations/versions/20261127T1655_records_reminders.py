"""Reminders, each made once for its stage, and whom they went to."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T1655"
down_revision = "20261127T1650"


def upgrade() -> None:
    run(
        """
        create table records_reminder (
            id uuid constraint records_reminder_pkey primary key,
            kind text not null check (kind in ('expiry', 'objection', 'report')),
            subject text not null,
            stage text not null check (stage in ('90', '60', '30', 'soon', 'late')),
            organisation_id uuid
                constraint records_reminder_organisation_id_fkey references identity_organisation,
            region text not null,
            due_on date not null,
            facts jsonb not null,
            made_at timestamptz not null,
            constraint records_reminder_stage_key
                unique nulls not distinct (kind, subject, due_on, stage, organisation_id, region)
        )
        """,
        "create index records_reminder_made_at_idx on records_reminder (made_at)",
        "create index records_reminder_organisation_id_idx on records_reminder (organisation_id)",
        """
        create table records_reminder_sent (
            id uuid constraint records_reminder_sent_pkey primary key,
            reminder_id uuid not null
                constraint records_reminder_sent_reminder_id_fkey references records_reminder,
            account_id uuid constraint records_reminder_sent_account_id_fkey references identity_account,
            region text not null,
            at timestamptz not null,
            constraint records_reminder_sent_reminder_id_account_id_key
                unique nulls not distinct (reminder_id, account_id)
        )
        """,
        """
        create table records_reminder_address (
            account_id uuid constraint records_reminder_address_pkey primary key
                constraint records_reminder_address_account_id_fkey references identity_account,
            address text not null check (length(address) between 3 and 254),
            wants boolean not null,
            changed_at timestamptz not null
        )
        """,
        # who is meant: the enterprise's own accounts, or the regulators of exactly that region
        """
        create view records_v_reminder_reader with (security_invoker = true) as
        select r.id as reminder_id, g.account_id
        from records_reminder r join identity_role_grant g on case
            when r.organisation_id is not null then g.role = 'enterprise' and g.organisation_id = r.organisation_id
            else g.role = 'regulator' and g.region = r.region end
        join identity_account a on a.id = g.account_id and a.enabled
        """,
    )
    region_policy("records_reminder", organisation="organisation_id")
    region_policy("records_reminder_sent")
    grant("records_reminder", app="select, insert")
    grant("records_reminder_sent", app="select, insert, delete")
    grant("records_reminder_address", app="select, insert, update")
    grant("records_v_reminder_reader", app="select")
