"""Syllabuses, items and their review, blueprints, sealed forms."""

from exam.migrations.sql import append_only, grant, open_policy, region_policy, run

revision = "20261123T0300"
down_revision = "20261123T0200"


def upgrade() -> None:
    _syllabuses()
    _imports()
    _items()
    _item_policies()
    _blueprints()
    _draws()
    _forms()
    _keys()


def _syllabuses() -> None:
    run(
        """
        create table questionbank_syllabus (
            id uuid constraint questionbank_syllabus_pkey primary key,
            qualification text not null,
            version text not null,
            title text not null,
            state text not null check (state in ('draft', 'published', 'retired')),
            drafted_by uuid not null,
            published_by uuid,
            created_at timestamptz not null,
            published_at timestamptz,
            constraint questionbank_syllabus_qualification_version_key unique (qualification, version),
            check (state = 'draft' or published_by <> drafted_by)
        )
        """,
        "create unique index questionbank_syllabus_qualification_idx on questionbank_syllabus (qualification)"
        " where state = 'published'",
        """
        create table questionbank_syllabus_node (
            syllabus_id uuid not null
                constraint questionbank_syllabus_node_syllabus_id_fkey references questionbank_syllabus,
            code text not null,
            parent text,
            title text not null,
            depth text not null check (depth in ('know', 'grasp', 'master')),
            hours integer not null check (hours between 0 and 1000),
            weight integer not null check (weight between 0 and 100),
            position integer not null,
            constraint questionbank_syllabus_node_pkey primary key (syllabus_id, code)
        )
        """,
    )
    grant("questionbank_syllabus", bank="select, insert, update", app="select")
    grant("questionbank_syllabus_node", bank="select, insert", app="select")


def _imports() -> None:
    run(
        """
        create table questionbank_import (
            id uuid constraint questionbank_import_pkey primary key,
            qualification text not null,
            region text not null,
            filename text not null,
            file_digest text not null,
            storage_key text,
            dialect text not null,
            state text not null check (state in ('checked', 'written')),
            accepted integer not null check (accepted >= 0),
            near_duplicate integer not null check (near_duplicate >= 0),
            duplicate integer not null check (duplicate >= 0),
            refused integer not null check (refused >= 0),
            account_id uuid not null,
            account_name text not null,
            created_at timestamptz not null,
            written_at timestamptz
        )
        """,
    )
    grant("questionbank_import", bank="select, insert, update")
    region_policy("questionbank_import")


def _items() -> None:
    run(
        """
        create table questionbank_item (
            id uuid constraint questionbank_item_pkey primary key,
            qualification text not null,
            region text not null,
            state text not null check (state in ('draft', 'in_review', 'approved', 'published', 'retired')),
            version integer not null check (version >= 1),
            published_version integer,
            interaction text not null check (interaction in ('judgement', 'choice', 'multiple', 'text_entry')),
            node text not null,
            stem text not null,
            author_id uuid not null,
            reviewed_by uuid,
            published_by uuid,
            import_id uuid constraint questionbank_item_import_id_fkey references questionbank_import,
            import_row integer,
            similar_to uuid constraint questionbank_item_similar_to_fkey references questionbank_item,
            created_at timestamptz not null,
            changed_at timestamptz not null,
            check (reviewed_by <> author_id),
            check (published_by <> author_id),
            check (published_by <> reviewed_by),
            check (state not in ('approved', 'published') or reviewed_by is not null),
            check (state <> 'published' or (published_by is not null and published_version = version))
        )
        """,
        "create index questionbank_item_qualification_idx on questionbank_item (qualification, state)",
        "create index questionbank_item_import_id_idx on questionbank_item (import_id)",
        "create index questionbank_item_stem_idx on questionbank_item using gin (stem gin_trgm_ops)",
        """
        create table questionbank_item_version (
            id uuid constraint questionbank_item_version_pkey primary key,
            item_id uuid not null constraint questionbank_item_version_item_id_fkey references questionbank_item,
            number integer not null check (number >= 1),
            region text not null,
            content jsonb not null,
            digest text not null check (digest ~ '^[0-9a-f]{64}$'),
            node text not null,
            depth text not null check (depth in ('know', 'grasp', 'master')),
            difficulty integer not null check (difficulty between 0 and 100),
            author_id uuid not null,
            author_name text not null,
            created_at timestamptz not null,
            constraint questionbank_item_version_item_id_number_key unique (item_id, number)
        )
        """,
        "create index questionbank_item_version_digest_idx on questionbank_item_version (digest)",
        """
        create table questionbank_item_event (
            id uuid constraint questionbank_item_event_pkey primary key,
            item_id uuid not null constraint questionbank_item_event_item_id_fkey references questionbank_item,
            region text not null,
            act text not null check (act in
                ('drafted', 'revised', 'submitted', 'returned', 'approved', 'published', 'retired')),
            version integer not null,
            account_id uuid not null,
            account_name text not null,
            reason text not null,
            at timestamptz not null,
            check (act not in ('returned', 'retired') or reason <> '')
        )
        """,
        "create index questionbank_item_event_item_id_idx on questionbank_item_event (item_id)",
        _APPLY_EVENT,
        "create trigger questionbank_item_event_apply before insert on questionbank_item_event"
        " for each row execute function questionbank_apply_event()",
    )
    append_only("questionbank_item_version")
    append_only("questionbank_item_event")


# An item's row is moved by its events alone: the bank's role may insert a draft and may not update it, so that nobody
# can approve or publish without leaving the event, and no event gets past the rule of different people.
_APPLY_EVENT = """
create function questionbank_apply_event() returns trigger
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
    then
        raise exception 'item % is % at version %: not to be % at %',
            item.id, item.state, item.version, new.act, new.version using errcode = 'check_violation';
    end if;
    if (new.act in ('drafted', 'revised') and new.account_id <> content.author_id)
        or (new.act in ('approved', 'published') and exists (
            select 1 from questionbank_item_version v
            where v.item_id = item.id and v.number <= item.version and v.author_id = new.account_id))
        or (new.act = 'published' and new.account_id = item.reviewed_by)
    then
        raise exception 'item %: author, reviewer and publisher are three people', item.id
            using errcode = 'integrity_constraint_violation';
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
                when 'submitted' then 'in_review' when 'returned' then 'draft' else new.act
            end,
            reviewed_by = case new.act when 'approved' then new.account_id when 'returned' then null else reviewed_by end,
            published_by = case when new.act = 'published' then new.account_id else published_by end,
            published_version = case new.act
                when 'published' then new.version when 'retired' then null else published_version
            end,
            changed_at = new.at
        where id = item.id;
    end if;
    return new;
end
$$
"""


def _item_policies() -> None:
    run(
        # a region's bank serves every region below it: a city draws its forms from the province's items
        """
        create function questionbank_serves_scope(path text) returns boolean language sql stable parallel safe as $$
            select ankao_in_region(path)
                or coalesce(starts_with(current_setting('ankao.region', true), path || '/'), false)
        $$
        """,
        """
        create policy questionbank_item_draft on questionbank_item for insert to ankao_bank with check (
            ankao_in_region(region) and state = 'draft' and version = 1 and published_version is null
            and reviewed_by is null and published_by is null
        )
        """,
    )
    for table in ("questionbank_item", "questionbank_item_version", "questionbank_item_event"):
        run(
            f"alter table {table} enable row level security",
            f"create policy {table}_serves on {table} for select to ankao_bank"
            " using (questionbank_serves_scope(region))",
        )
        grant(table, bank="select, insert")
    for table in ("questionbank_item_version", "questionbank_item_event"):
        run(f"create policy {table}_scope on {table} for insert to ankao_bank with check (ankao_in_region(region))")


def _blueprints() -> None:
    run(
        """
        create table questionbank_blueprint (
            id uuid constraint questionbank_blueprint_pkey primary key,
            qualification text not null,
            version integer not null check (version >= 1),
            title text not null,
            content jsonb not null,
            digest text not null,
            state text not null check (state in ('draft', 'published', 'retired')),
            drafted_by uuid not null,
            drafted_by_name text not null,
            published_by uuid,
            created_at timestamptz not null,
            published_at timestamptz,
            constraint questionbank_blueprint_qualification_version_key unique (qualification, version),
            check (published_by <> drafted_by),
            check (state <> 'published' or published_by is not null)
        )
        """,
        "create unique index questionbank_blueprint_published_idx on questionbank_blueprint (qualification)"
        " where state = 'published'",
    )
    grant("questionbank_blueprint", bank="select, insert, update (state, published_by, published_at)")
    # of what a form is made, and never of which items: the sitting desk shows it
    grant("questionbank_blueprint", app="select", answer="select")


def _draws() -> None:
    run(
        """
        create table questionbank_draw (
            id uuid constraint questionbank_draw_pkey primary key,
            sitting_id uuid not null constraint questionbank_draw_sitting_id_key unique,
            region text not null,
            qualification text not null,
            blueprint_id uuid not null
                constraint questionbank_draw_blueprint_id_fkey references questionbank_blueprint,
            algorithm text not null,
            multiple_rule text not null,
            seed_sealed bytea not null,
            pool_sealed bytea not null,
            seed_commitment text not null,
            pool_digest text not null,
            blueprint_digest text not null,
            starts_at timestamptz not null,
            created_at timestamptz not null
        )
        """,
    )
    region_policy("questionbank_draw")
    open_policy("questionbank_draw", "answer")
    public = (
        "id, sitting_id, region, qualification, blueprint_id, algorithm, multiple_rule, seed_commitment, pool_digest,"
        " blueprint_digest, starts_at, created_at"
    )
    grant("questionbank_draw", bank="select, insert, update (starts_at)", app=f"select ({public})")
    grant("questionbank_draw", answer="select (id, sitting_id, starts_at)")


def _forms() -> None:
    run(
        """
        create table questionbank_form (
            id uuid constraint questionbank_form_pkey primary key,
            draw_id uuid not null constraint questionbank_form_draw_id_fkey references questionbank_draw,
            sitting_id uuid not null,
            region text not null,
            key text not null,
            standby boolean not null,
            round integer not null check (round >= 1),
            candidate_sealed bytea not null,
            scoring_sealed bytea not null,
            candidate_digest text not null,
            scoring_digest text not null,
            claimed_by text,
            claimed_at timestamptz,
            created_at timestamptz not null,
            constraint questionbank_form_sitting_id_key_key unique (sitting_id, key),
            constraint questionbank_form_sitting_id_claimed_by_key unique (sitting_id, claimed_by),
            check ((claimed_by is null) = (claimed_at is null)),
            check (standby or claimed_by is null or claimed_by = key)
        )
        """,
        # a form goes to one candidate once; no other byte of it ever changes
        """
        create function questionbank_guard_form() returns trigger language plpgsql as $$
        begin
            if old.claimed_by is not null
                or (new.id, new.draw_id, new.sitting_id, new.region, new.key, new.standby, new.round, new.created_at,
                    new.candidate_sealed, new.scoring_sealed, new.candidate_digest, new.scoring_digest)
                is distinct from
                (old.id, old.draw_id, old.sitting_id, old.region, old.key, old.standby, old.round, old.created_at,
                    old.candidate_sealed, old.scoring_sealed, old.candidate_digest, old.scoring_digest)
            then
                raise exception 'form % is fixed', old.id using errcode = 'insufficient_privilege';
            end if;
            return new;
        end
        $$
        """,
        "create trigger questionbank_form_guard before update on questionbank_form"
        " for each row execute function questionbank_guard_form()",
        "create trigger questionbank_form_no_delete before delete on questionbank_form"
        " for each row execute function ankao_refuse_change()",
    )
    region_policy("questionbank_form")
    open_policy("questionbank_form", "answer")
    claim = "update (claimed_by, claimed_at)"
    grant("questionbank_form", bank="select, insert", app=f"select, {claim}")
    # the answer path never reads the scoring view, not even sealed
    seen = "id, draw_id, sitting_id, region, key, standby, candidate_sealed, candidate_digest, claimed_by, claimed_at"
    grant("questionbank_form", answer=f"select ({seen}), {claim}")


def _keys() -> None:
    run(
        """
        create table questionbank_sitting_key (
            sitting_id uuid not null,
            view text not null check (view in ('candidate', 'scoring')),
            region text not null,
            wrapped bytea not null,
            created_at timestamptz not null,
            opened_at timestamptz,
            constraint questionbank_sitting_key_pkey primary key (sitting_id, view)
        )
        """,
        """
        create function questionbank_guard_key() returns trigger language plpgsql as $$
        begin
            if old.opened_at is not null or (to_jsonb(new) - 'opened_at') <> (to_jsonb(old) - 'opened_at') then
                raise exception 'the key of sitting % is fixed', old.sitting_id
                    using errcode = 'insufficient_privilege';
            end if;
            return new;
        end
        $$
        """,
        "create trigger questionbank_sitting_key_guard before update on questionbank_sitting_key"
        " for each row execute function questionbank_guard_key()",
        "create trigger questionbank_sitting_key_no_delete before delete on questionbank_sitting_key"
        " for each row execute function ankao_refuse_change()",
        "create policy questionbank_sitting_key_answer on questionbank_sitting_key to ankao_answer"
        " using (view = 'candidate')",
    )
    region_policy("questionbank_sitting_key")
    grant("questionbank_sitting_key", bank="select, insert", app="select, update (opened_at)", answer="select")
