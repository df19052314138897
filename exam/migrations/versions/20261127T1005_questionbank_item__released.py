"""Items released for practice: out of the sealed pool for good, and never while a sitting to come may use them."""

from exam.migrations.sql import run

revision = "20261127T1005"
down_revision = "20261127T0800"


def upgrade() -> None:
    _columns()
    _acts()
    run(_MAY_STAND_IN, _APPLY_EVENT)
    _reading()


def _columns() -> None:
    run(
        "alter table questionbank_item add column practice_version integer, add column released_at timestamptz",
        # the check on what stands behind a published item has no name of its own
        """
        do $$
        declare
            found text;
        begin
            select conname into strict found from pg_constraint
            where conrelid = 'questionbank_item'::regclass and contype = 'c'
                and pg_get_constraintdef(oid) like '%published_version = version%';
            execute format('alter table questionbank_item drop constraint %I', found);
        end
        $$
        """,
        """
        alter table questionbank_item
            add constraint questionbank_item_in_force_check check (state <> 'published'
                or (published_by is not null and coalesce(published_version, practice_version) = version)),
            add constraint questionbank_item_exclusive_check check (released_at is null or published_version is null),
            add constraint questionbank_item_released_check check (practice_version is null or released_at is not null)
        """,
        "drop policy questionbank_item_draft on questionbank_item",
        """
        create policy questionbank_item_draft on questionbank_item for insert to ankao_bank with check (
            ankao_in_region(region) and state = 'draft' and version = 1 and published_version is null
            and practice_version is null and released_at is null and reviewed_by is null and published_by is null
        )
        """,
    )


def _acts() -> None:
    run(
        "alter table questionbank_item_event drop constraint questionbank_item_event_act_check",
        "alter table questionbank_item_event add constraint questionbank_item_event_act_check check (act in"
        " ('drafted', 'revised', 'submitted', 'returned', 'approved', 'published', 'released', 'retired'))",
    )


# A draw freezes the whole pool of its day under seal, so nobody may read which items stand in it: every item that was
# published by then may. A sitting is over once its scoring views are released; one that never took place, a week after
# its day.
_MAY_STAND_IN = """
create function questionbank_may_stand_in(item uuid, at timestamptz) returns boolean
    language sql stable security definer set search_path = public, pg_temp as $$
    select exists (
        select 1 from questionbank_item i
        join questionbank_draw d on d.qualification = i.qualification
        where i.id = item and d.starts_at > questionbank_may_stand_in.at - interval '7 days'
            and d.created_at >= (
                select min(e.at) from questionbank_item_event e where e.item_id = i.id and e.act = 'published')
            and not exists (
                select 1 from questionbank_sitting_key k where k.sitting_id = d.sitting_id and k.view = 'scoring'
                    and k.opened_at <= questionbank_may_stand_in.at)
    )
$$
"""

# The rule of 20261123T0300 with one act more: what is released stays released through every later version.
_APPLY_EVENT = """
create or replace function questionbank_apply_event() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    item questionbank_item;
    content questionbank_item_version;
    before constant text[] := case new.act
        when 'drafted' then array['draft']
        when 'revised' then array['draft', 'in_review', 'approved', 'published', 'retired']
        when 'submitted' then array['draft']
        when 'returned' then array['in_review', 'approved']
        when 'approved' then array['in_review']
        when 'published' then array['approved']
        when 'released' then array['published']
        else array['draft', 'in_review', 'approved', 'published']
    end;
begin
    select * into item from questionbank_item where id = new.item_id and region = new.region for update;
    select * into content from questionbank_item_version where item_id = new.item_id and number = new.version;
    if item.id is null or content.id is null then
        raise exception 'item % has no version % in %', new.item_id, new.version, new.region
            using errcode = 'foreign_key_violation';
    end if;
    if not item.state = any(before)
        or (new.act = 'revised' and new.version <> item.version + 1)
        or (new.act <> 'revised' and new.version <> item.version)
        or (new.act = 'released' and item.released_at is not null)
    then
        raise exception 'item % is % at version %: not to be % at %',
            item.id, item.state, item.version, new.act, new.version using errcode = 'check_violation';
    end if;
    if (new.act in ('drafted', 'revised') and new.account_id <> content.author_id)
        or (new.act in ('approved', 'published', 'released') and exists (
            select 1 from questionbank_item_version v
            where v.item_id = item.id and v.number <= item.version and v.author_id = new.account_id))
        or (new.act = 'published' and new.account_id = item.reviewed_by)
    then
        raise exception 'item %: author, reviewer and publisher are three people', item.id
            using errcode = 'integrity_constraint_violation';
    end if;
    if new.act = 'released' then
        -- a draw that is being made holds the same lock while it reads the pool
        perform pg_advisory_xact_lock(hashtextextended('questionbank.pool:' || item.qualification, 0));
        if questionbank_may_stand_in(item.id, new.at) then
            raise exception 'item % may stand in the forms of a sitting to come', item.id
                using errcode = 'check_violation';
        end if;
    end if;
    if new.act = 'revised' then
        update questionbank_item set
            state = 'draft', version = new.version, interaction = content.content->>'interaction',
            node = content.node, stem = content.content->>'stem', author_id = new.account_id,
            reviewed_by = null, published_by = null, changed_at = new.at
        where id = item.id;
    elsif new.act <> 'drafted' then
        update questionbank_item set
            state = case new.act
                when 'submitted' then 'in_review' when 'returned' then 'draft' when 'released' then 'published'
                else new.act
            end,
            reviewed_by = case new.act when 'approved' then new.account_id when 'returned' then null else reviewed_by end,
            published_by = case when new.act = 'published' then new.account_id else published_by end,
            published_version = case
                when new.act in ('released', 'retired') then null
                when new.act = 'published' and released_at is null then new.version
                else published_version
            end,
            practice_version = case
                when new.act = 'retired' then null
                when new.act = 'released' or (new.act = 'published' and released_at is not null) then new.version
                else practice_version
            end,
            released_at = case when new.act = 'released' then new.at else released_at end,
            changed_at = new.at
        where id = item.id;
    end if;
    return new;
end
$$
"""


def _reading() -> None:
    run(
        # whoever practises may see what is released, and of the rest of the bank nothing
        """
        create function questionbank_practice_pool(code text, path text)
            returns table (item_id uuid, digest text, node text, interaction text, difficulty integer, options integer)
            language sql stable security definer set search_path = public, pg_temp as $$
            select i.id, v.digest, v.node, v.content->>'interaction', v.difficulty,
                jsonb_array_length(v.content->'options')
            from questionbank_item i
            join questionbank_item_version v on v.item_id = i.id and v.number = i.practice_version
            where i.qualification = code and (i.region = path or starts_with(path, i.region || '/'))
            order by i.id
        $$
        """,
        """
        create function questionbank_practice_content(wanted text[]) returns table (digest text, content jsonb)
            language sql stable security definer set search_path = public, pg_temp as $$
            select distinct on (v.digest) v.digest, v.content
            from questionbank_item_version v
            join questionbank_item i on i.id = v.item_id
            where v.digest = any(wanted) and i.released_at is not null
                and exists (select 1 from questionbank_item_event e
                    where e.item_id = i.id and e.version = v.number and e.act in ('published', 'released'))
            order by v.digest
        $$
        """,
    )
    for function, role in (
        ("questionbank_may_stand_in(uuid, timestamptz)", "ankao_bank"),
        ("questionbank_practice_pool(text, text)", "ankao_app"),
        ("questionbank_practice_content(text[])", "ankao_app"),
    ):
        run(f"revoke execute on function {function} from public", f"grant execute on function {function} to {role}")
