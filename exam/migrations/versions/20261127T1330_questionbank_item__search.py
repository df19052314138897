"""Items are found by any of their words, by the law they cite and by difficulty: copies of the newest version, indexed."""

from exam.migrations.sql import run

revision = "20261127T1330"
down_revision = "20261127T1310"


def upgrade() -> None:
    _columns()
    _copying()
    _finding()


def _columns() -> None:
    run(
        "alter table questionbank_item add difficulty integer, add words text not null default '',"
        " add laws text[] not null default '{}'",
        """
        create function questionbank_words(content jsonb) returns text language sql immutable parallel safe as $$
            select lower(concat_ws(E'\\n', content->>'stem',
                (select string_agg(o->>'text', E'\\n') from jsonb_array_elements(content->'options') o),
                content->>'explanation', content->>'basis'))
        $$
        """,
        _LAWS,
    )


# How authors cite: GB/T 13869-2017《用电安全导则》, 《中华人民共和国安全生产法》第三条, 危险化学品安全法, 职业病防治法第六条. A standard is
# known by its number without the year, because a new year is the change that is looked for.
_LAWS = """
create function questionbank_laws(content jsonb) returns text[] language sql immutable parallel safe as $$
    with basis as (
        select regexp_replace(content->>'basis', '([A-Z]{2,4}(?:/[TZ])? ?[0-9.]+(?:[-—–][0-9]{4})?) ?《[^》]*》', '\\1', 'g')
            as words
    ), cited as (
        select regexp_replace(m[1], ' ?([0-9])', ' \\1') as law
            from basis, regexp_matches(words, '([A-Z]{2,4}(?:/[TZ])? ?[0-9]+(?:\\.[0-9]+)*)', 'g') m
        union select regexp_replace(m[1], '^中华人民共和国', '') from basis, regexp_matches(words, '《([^》]+)》', 'g') m
        union select regexp_replace(m[1], '^中华人民共和国', '') from basis, regexp_matches(words,
            '^([^《》（(；;：:，,、 0-9]{2,40}?(法|条例|规定|办法|规程|细则))(?:$|第|[（(；;：:，,、 ])') m
    )
    select coalesce(array_agg(law order by law), '{}') from cited
$$
"""


def _copying() -> None:
    run(
        # the copies are made where items are moved, so that no writer can make others
        """
        create function questionbank_index_item() returns trigger
            language plpgsql security definer set search_path = public, pg_temp as $$
        begin
            update questionbank_item i set difficulty = v.difficulty, words = questionbank_words(v.content),
                laws = questionbank_laws(v.content)
            from questionbank_item_version v
            where i.id = new.item_id and v.item_id = new.item_id and v.number = new.version;
            return null;
        end
        $$
        """,
        "create trigger questionbank_item_event_index after insert on questionbank_item_event"
        " for each row when (new.act in ('drafted', 'revised')) execute function questionbank_index_item()",
        "update questionbank_item i set difficulty = v.difficulty, words = questionbank_words(v.content),"
        " laws = questionbank_laws(v.content) from questionbank_item_version v"
        " where v.item_id = i.id and v.number = i.version",
        # row-level security keeps a search for words off every index but the owner's, and stems alone are not all words
        "drop index questionbank_item_stem_idx",
        "create index questionbank_item_words_idx on questionbank_item using gin (words gin_trgm_ops)",
    )


def _finding() -> None:
    run(
        # planned anew for every search: two characters make no trigram, and are looked for from row to row
        """
        create function questionbank_find_items(patterns text[]) returns setof uuid
            language plpgsql stable security definer set search_path = public, pg_temp as $$
        begin
            return query execute
                'select id from questionbank_item where questionbank_serves_scope(region)'
                || coalesce((select string_agg(format(' and words like %L', p), '') from unnest(patterns) p), '');
        end
        $$
        """,
        "revoke execute on function questionbank_find_items(text[]) from public",
        "grant execute on function questionbank_find_items(text[]) to ankao_bank",
    )
