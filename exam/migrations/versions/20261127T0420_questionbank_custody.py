"""Custody: key pairs of custodians, shares of a sitting's keys, and keys that do not exist until enough have come."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T0420"
down_revision = "20261127T0410"


def upgrade() -> None:
    run(
        """
        create table questionbank_custodian_key (
            id uuid constraint questionbank_custodian_key_pkey primary key,
            account_id uuid not null,
            name text not null,
            region text not null,
            public bytea not null check (length(public) = 65),
            private_wrapped jsonb not null,
            created_at timestamptz not null,
            retired_at timestamptz
        )
        """,
        "create unique index questionbank_custodian_key_account_id_idx on questionbank_custodian_key (account_id)"
        " where retired_at is null",
        """
        create table questionbank_key_share (
            sitting_id uuid not null,
            view text not null check (view in ('candidate', 'scoring')),
            number integer not null check (number between 1 and 255),
            region text not null,
            custodian_key_id uuid not null
                constraint questionbank_key_share_custodian_key_id_fkey references questionbank_custodian_key,
            sealed bytea not null,
            given bytea,
            given_at timestamptz,
            reason text not null default '',
            constraint questionbank_key_share_pkey primary key (sitting_id, view, number)
        )
        """,
        "alter table questionbank_sitting_key alter column wrapped drop not null,"
        " add column threshold integer check (threshold >= 2), add column commitment text,"
        " add check ((threshold is null) = (commitment is null)), add check (threshold is not null or wrapped is not null)",
        _GUARD,
    )
    for table in ("questionbank_custodian_key", "questionbank_key_share"):
        region_policy(table)
    grant("questionbank_custodian_key", bank="select, insert, update (retired_at)")
    grant("questionbank_key_share", bank="select, insert, update (given, given_at, reason)")
    grant("questionbank_sitting_key", bank="update (wrapped)")
    # how many have come, and never what they gave: the readiness board counts
    grant("questionbank_key_share", app="select (sitting_id, view, number, region, given_at)")


# the key of a view is put in once, when its custodians have come; it is never exchanged and never taken out
_GUARD = """
create or replace function questionbank_guard_key() returns trigger language plpgsql as $$
begin
    if (old.opened_at is not null and new.opened_at is distinct from old.opened_at)
        or (old.wrapped is not null and new.wrapped is distinct from old.wrapped)
        or (to_jsonb(new) - array['opened_at', 'wrapped']) <> (to_jsonb(old) - array['opened_at', 'wrapped'])
    then
        raise exception 'the key of sitting % is fixed', old.sitting_id using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$
"""
