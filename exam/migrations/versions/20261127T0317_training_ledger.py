"""Study hours become a ledger: seconds by node, part and origin, in changes that add up to what a replay gives."""

from exam.migrations.sql import run

revision = "20261127T0317"
down_revision = "20261127T0300"


def upgrade() -> None:
    run(
        "alter table training_hours disable trigger training_hours_append_only",
        "alter table training_hours drop constraint training_hours_kind_check",
        """
        alter table training_hours
            add column seconds integer,
            add column origin text not null default 'attested',
            add column node text not null default '',
            add column part text not null default '',
            add column enrolment_id uuid,
            add column rules text not null default 'ledger@1',
            add column evidence text not null default ''
        """,
        # an hour of study is 45 minutes (exam/training/data/ledger_rules.toml): a hundredth of it is 27 seconds
        "update training_hours set seconds = hours * 27,"
        " kind = case kind when 'renewal' then 'continuing' else kind end",
        "drop function training_hours_of(uuid, text)",
        "alter table training_hours drop column hours, alter column seconds set not null",
        *(
            f"alter table training_hours alter column {column} drop default"
            for column in ("origin", "node", "part", "rules", "evidence")
        ),
        """
        alter table training_hours
            add constraint training_hours_kind_check check (kind in ('initial', 'continuing', 'review')),
            add constraint training_hours_origin_check check (origin in ('attested', 'online', 'class')),
            add constraint training_hours_part_check check (part in ('', 'theory', 'practice')),
            add constraint training_hours_seconds_check check (seconds between -27000000 and 27000000 and seconds <> 0),
            add constraint training_hours_whole_check
                check (origin <> 'attested' or (node = '' and part = '' and enrolment_id is null)),
            add constraint training_hours_measured_check
                check (origin = 'attested' or (part <> '' and enrolment_id is not null and evidence ~ '^[0-9a-f]{64}$'))
        """,
        "alter table training_hours enable trigger training_hours_append_only",
        # hours count wherever they were studied; nothing but the hours and the instants is told
        """
        create function training_hours_of(whose uuid, wanted text)
            returns table (kind text, origin text, node text, part text, seconds integer, recorded_at timestamptz)
            language sql stable security definer set search_path = public as $$
            select h.kind, h.origin, h.node, h.part, h.seconds, h.recorded_at from training_hours h
            where h.person_id = whose and h.qualification = wanted order by h.recorded_at, h.id
        $$
        """,
        """
        create function training_qualifications_of(whose uuid) returns setof text
            language sql stable security definer set search_path = public as $$
            select distinct qualification from training_hours where person_id = whose order by 1
        $$
        """,
        *(
            statement
            for function in ("training_hours_of(uuid, text)", "training_qualifications_of(uuid)")
            for statement in (
                f"revoke execute on function {function} from public",
                f"grant execute on function {function} to ankao_app",
            )
        ),
    )
