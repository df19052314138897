"""What of a draw is public: the sitting that it is for, and the log's entries about it."""

from exam.migrations.sql import run

revision = "20261128T0520"
down_revision = "20261128T0320"

_FUNCTIONS = ("desks_public_sittings(timestamptz, uuid, integer)", "desks_public_draw(uuid)")


def upgrade() -> None:
    run(
        "create index sitting_sitting_drawn_idx on sitting_sitting (starts_at, id) where forms_ready",
        "create index core_log_checkpoint_size_idx on core_log_checkpoint (size, published_at)",
        "create index core_log_checkpoint_witnessed_idx on core_log_checkpoint (size, published_at) where witnessed",
        """
        create function desks_public_sittings(until timestamptz, below uuid, most integer)
            returns table (sitting_id uuid, title text, qualification text, centre_name text, starts_at timestamptz,
                state text)
            language sql stable security definer set search_path = public as $$
            select s.id, s.title, s.qualification, s.centre_name, s.starts_at, s.state
            from sitting_sitting s
            where s.forms_ready and (s.starts_at, s.id) < (until, below)
            order by s.starts_at desc, s.id desc
            limit least(most, 100)
        $$
        """,
        """
        create function desks_public_draw(wanted uuid)
            returns table (title text, qualification text, centre_name text, starts_at timestamptz, state text,
                leaf bytea, place bigint, published_at timestamptz, cosigned jsonb)
            language sql stable security definer set search_path = public as $$
            select s.title, s.qualification, s.centre_name, s.starts_at, s.state,
                a.leaf, l.index, head.published_at, seen.cosigned
            from sitting_sitting s
            join core_audit_entry a on a.subject_kind = 'sitting' and a.subject = s.id::text
                and a.act in ('forms.prepared', 'forms.seed_revealed')
            left join core_log_leaf l on l.entry_id = a.id
            left join lateral (
                select c.published_at from core_log_checkpoint c
                where c.size > l.index order by c.size, c.published_at limit 1
            ) head on true
            left join lateral (
                select c.cosigned from core_log_checkpoint c
                where c.size > l.index and c.witnessed order by c.size, c.published_at limit 1
            ) seen on true
            where s.id = wanted
            order by a.position
        $$
        """,
        *(f"revoke execute on function {each} from public" for each in _FUNCTIONS),
        *(f"grant execute on function {each} to ankao_public" for each in _FUNCTIONS),
    )
