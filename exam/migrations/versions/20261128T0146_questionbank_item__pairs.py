"""Items are found by any two characters that stand side by side, and listed and counted without reading their rows."""

from exam.migrations.sql import run

revision = "20261128T0146"
down_revision = "20261127T2327"


def upgrade() -> None:
    _pairs()
    _finding()
    run(
        # what a search asks stands in the index, the region too, so that row-level security is judged without the row
        """
        create index questionbank_item_changed_idx on questionbank_item (changed_at desc, import_row, id) include (
            region, qualification, state, interaction, node, difficulty, laws, published_version, practice_version
        )
        """
    )


def _pairs() -> None:
    run(
        # a pair of characters is one number: most words of the field have two, of which no trigram is made. The cost keeps
        # the planner from working the pairs out row by row
        """
        create function questionbank_pairs(words text) returns integer[]
            language sql immutable strict parallel safe cost 10000 as $$
            select coalesce(array_agg((ascii(a) & 65535) << 16 | (ascii(b) & 65535)), '{}')
            from (select string_to_array(words, null) as c) t, unnest(c, c[2:]) pair(a, b)
            where ascii(a) > 32 and ascii(b) > 32
        $$
        """,
        "drop index questionbank_item_words_idx",
        "create index questionbank_item_words_idx on questionbank_item using gin (questionbank_pairs(words))",
        # no statistics: an analysis would work out the pairs of every row that it looks at
        "alter index questionbank_item_words_idx alter column 1 set statistics 0",
    )


_FOUND = """
    id uuid, qualification text, state text, version integer, published_version integer, practice_version integer,
    interaction text, node text, difficulty integer, laws text[], review_due_since timestamptz, author_id uuid,
    reviewed_by uuid, import_id uuid, import_row integer, changed_at timestamptz
"""
"""What a search asks of an item beside its words."""


def _finding() -> None:
    names = ", ".join(column.split()[0] for column in _FOUND.split(","))
    run(
        "drop function questionbank_find_items(text[])",
        # planned anew for every search; that the pairs stand side by side is seen in the words themselves, and a single
        # character has no pairs
        f"""
        create function questionbank_find_items(terms text[]) returns table ({_FOUND})
            language plpgsql stable security definer set search_path = public, pg_temp as $$
        begin
            return query execute
                'select {names} from questionbank_item where questionbank_serves_scope(region)'
                || coalesce((select string_agg(
                    case when length(term) > 1
                        then format(' and questionbank_pairs(words) @> questionbank_pairs(%L)', term) else '' end
                    || format(' and strpos(words, %L) > 0', term), '') from unnest(terms) term), '');
        end
        $$
        """,
        "revoke execute on function questionbank_find_items(text[]) from public",
        "grant execute on function questionbank_find_items(text[]) to ankao_bank",
    )
