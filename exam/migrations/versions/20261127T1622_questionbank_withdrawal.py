"""Items withdrawn while forms that may hold them are in use: proposed by one person, confirmed by another."""

from exam.migrations.sql import grant, run

revision = "20261127T1622"
down_revision = "20261127T1610"


def upgrade() -> None:
    _withdrawals()
    _of_sitting()


def _withdrawals() -> None:
    run(
        """
        create table questionbank_withdrawal (
            id uuid constraint questionbank_withdrawal_pkey primary key,
            item_id uuid not null constraint questionbank_withdrawal_item_id_fkey references questionbank_item,
            region text not null,
            rule text not null check (rule in ('full_credit', 'void')),
            reason text not null check (reason <> ''),
            proposed_by uuid not null,
            proposed_by_name text not null,
            proposed_at timestamptz not null,
            state text not null check (state in ('proposed', 'confirmed', 'declined')),
            decided_by uuid,
            decided_by_name text not null,
            decided_at timestamptz,
            check ((state = 'proposed') = (decided_by is null)),
            check ((state = 'proposed') = (decided_at is null)),
            constraint questionbank_withdrawal_two_check check (state <> 'confirmed' or decided_by <> proposed_by)
        )
        """,
        "create index questionbank_withdrawal_item_id_idx on questionbank_withdrawal (item_id)",
        "create unique index questionbank_withdrawal_open_idx on questionbank_withdrawal (item_id)"
        " where state = 'proposed'",
        """
        create function questionbank_guard_withdrawal() returns trigger language plpgsql as $$
        begin
            if old.state <> 'proposed' or (to_jsonb(new) - '{state,decided_by,decided_by_name,decided_at}'::text[])
                <> (to_jsonb(old) - '{state,decided_by,decided_by_name,decided_at}'::text[])
            then
                raise exception 'withdrawal % is fixed', old.id using errcode = 'insufficient_privilege';
            end if;
            return new;
        end
        $$
        """,
        "create trigger questionbank_withdrawal_guard before update on questionbank_withdrawal"
        " for each row execute function questionbank_guard_withdrawal()",
        "alter table questionbank_withdrawal enable row level security",
        "create policy questionbank_withdrawal_serves on questionbank_withdrawal for select to ankao_bank"
        " using (questionbank_serves_scope(region))",
        "create policy questionbank_withdrawal_draft on questionbank_withdrawal for insert to ankao_bank"
        " with check (ankao_in_region(region) and state = 'proposed')",
        "create policy questionbank_withdrawal_decide on questionbank_withdrawal for update to ankao_bank"
        " using (ankao_in_region(region)) with check (ankao_in_region(region))",
    )
    grant("questionbank_withdrawal", bank="select, insert, update (state, decided_by, decided_by_name, decided_at)")


def _of_sitting() -> None:
    # A draw is under seal, so before its scoring views are open all that may be told of a sitting is how many items of
    # its pool were withdrawn: which they are, and why, would say what is in the bank. The ten minutes are for a draw
    # that read the pool while the withdrawal was being confirmed; an item that no form has changes nothing.
    run(
        """
        create function questionbank_withdrawals_of(sitting uuid, at timestamptz)
            returns table (item_id uuid, rule text, reason text, withdrawn_at timestamptz)
            language sql stable security definer set search_path = public, pg_temp as $$
            select case when opened then w.item_id end, case when opened then w.rule end,
                case when opened then w.reason end, w.decided_at
            from questionbank_draw d
            left join questionbank_sitting_key k on k.sitting_id = d.sitting_id and k.view = 'scoring'
            cross join lateral (select coalesce(k.opened_at <= questionbank_withdrawals_of.at, false) as opened) o
            join questionbank_item i on i.qualification = d.qualification
                and (d.region = i.region or starts_with(d.region, i.region || '/'))
            cross join lateral (
                select * from questionbank_withdrawal each
                where each.item_id = i.id and each.state = 'confirmed'
                    and each.decided_at >= d.created_at - interval '10 minutes'
                    and (k.opened_at is null or k.opened_at >= each.proposed_at)
                order by each.decided_at desc limit 1
            ) w
            where d.sitting_id = questionbank_withdrawals_of.sitting and ankao_in_region(d.region)
                and d.created_at >= (
                    select min(e.at) from questionbank_item_event e where e.item_id = i.id and e.act = 'published')
            order by w.decided_at, w.id
        $$
        """,
        "revoke execute on function questionbank_withdrawals_of(uuid, timestamptz) from public",
        "grant execute on function questionbank_withdrawals_of(uuid, timestamptz) to ankao_app",
    )
