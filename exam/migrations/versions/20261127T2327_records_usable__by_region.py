"""Certificates near their end, read by the owner and held to the region here.

The policy of certificates also lets an employer's region see its people's: for each certificate of another county it
went through all posts, a second of every desk in a whole province.
"""

from exam.migrations.sql import run

revision = "20261127T2327"
down_revision = "20261127T2321"


def upgrade() -> None:
    run(
        """
        create function records_usable_credentials(on_day date, within integer, most bigint, skipped bigint) returns table (
            id uuid, qualification text, number_masked text, holder_masked text, employer text, region text,
            valid_until_on date, ends_on date
        ) language sql stable security definer set search_path = public, pg_temp as $$
            select c.id, c.qualification, c.number_masked, c.holder_masked, c.employer, c.region, c.valid_until_on,
                least(c.valid_until_on, c.review_on)
            from certs_credential c
            where ankao_in_region(c.region) and c.status = 'issued' and c.valid_from_on <= on_day
                and least(c.valid_until_on, c.review_on) >= on_day
                and least(c.valid_until_on, c.review_on) <= on_day + coalesce(within, 1000000)
            order by least(c.valid_until_on, c.review_on), c.id limit most offset skipped
        $$
        """,
        "revoke execute on function records_usable_credentials(date, integer, bigint, bigint) from public",
        "grant execute on function records_usable_credentials(date, integer, bigint, bigint) to ankao_app",
    )
