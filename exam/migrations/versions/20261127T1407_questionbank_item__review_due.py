"""A changed law marks the items that cite it as due for review; the mark goes with a later version or a reviewer's word."""

from exam.migrations.sql import run

revision = "20261127T1407"
down_revision = "20261127T1405"


def upgrade() -> None:
    run(
        "alter table questionbank_item add review_due_since timestamptz, add review_due_version integer,"
        " add review_due_reason text not null default '',"
        " add constraint questionbank_item_review_due_check check"
        " ((review_due_since is null) = (review_due_version is null) and (review_due_since is null) = (review_due_reason = ''))",
        "create index questionbank_item_review_due_idx on questionbank_item (qualification)"
        " where review_due_since is not null",
        "alter table questionbank_item_event drop constraint questionbank_item_event_act_check",
        "alter table questionbank_item_event add constraint questionbank_item_event_act_check check (act in"
        " ('drafted', 'revised', 'submitted', 'returned', 'approved', 'published', 'released', 'retired', 'flagged',"
        " 'upheld'))",
        "alter table questionbank_item_event add constraint questionbank_item_event_mark_reason_check check"
        " (act not in ('flagged', 'upheld') or reason <> '')",
    )
    _marks()
    _clearing()


# Two acts move the mark and not the state; they pass by the rule that moves states. An author does not uphold his own.
def _marks() -> None:
    run(
        """
        create function questionbank_mark_item() returns trigger
            language plpgsql security definer set search_path = public, pg_temp as $$
        declare
            item questionbank_item;
        begin
            select * into item from questionbank_item where id = new.item_id and region = new.region for update;
            if item.id is null or item.state = 'retired' or item.version <> new.version
                or (new.act = 'upheld' and item.review_due_since is null)
            then
                raise exception 'item % is not to be % at version %', new.item_id, new.act, new.version
                    using errcode = 'check_violation';
            end if;
            if new.act = 'upheld' and exists (
                select 1 from questionbank_item_version v where v.item_id = item.id and v.author_id = new.account_id)
            then
                raise exception 'item %: author and reviewer are two people', item.id
                    using errcode = 'integrity_constraint_violation';
            end if;
            update questionbank_item set
                review_due_since = case new.act when 'flagged' then new.at end,
                review_due_version = case new.act when 'flagged' then new.version end,
                review_due_reason = case new.act when 'flagged' then new.reason else '' end
            where id = item.id;
            return new;
        end
        $$
        """,
        "drop trigger questionbank_item_event_apply on questionbank_item_event",
        "create trigger questionbank_item_event_apply before insert on questionbank_item_event"
        " for each row when (new.act not in ('flagged', 'upheld')) execute function questionbank_apply_event()",
        "create trigger questionbank_item_event_mark before insert on questionbank_item_event"
        " for each row when (new.act in ('flagged', 'upheld')) execute function questionbank_mark_item()",
    )


def _clearing() -> None:
    run(
        """
        create function questionbank_clear_mark() returns trigger
            language plpgsql security definer set search_path = public, pg_temp as $$
        begin
            update questionbank_item set review_due_since = null, review_due_version = null, review_due_reason = ''
            where id = new.item_id and (new.act = 'retired' or review_due_version < new.version);
            return null;
        end
        $$
        """,
        "create trigger questionbank_item_event_clear after insert on questionbank_item_event"
        " for each row when (new.act in ('published', 'retired')) execute function questionbank_clear_mark()",
    )
