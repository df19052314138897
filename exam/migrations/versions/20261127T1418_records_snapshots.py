"""What stands on a day is summed for some days, and whatever changes it marks its region as stale from a day on."""

from exam.migrations.sql import grant, run

revision = "20261127T1418"
down_revision = "20261127T1416"

_DAY = "({} at time zone 'Asia/Shanghai')::date"
_TURNS = "('suspended', 'restored', 'revoked', 'superseded', 'annulled')"


def upgrade() -> None:
    run(
        """
        create table records_snapshot (
            source text not null,
            day_on date not null,
            constraint records_snapshot_pkey primary key (source, day_on)
        )
        """,
    )
    grant("records_snapshot", app="select, insert, delete")
    _credentials()
    _enterprises()


def _credentials() -> None:
    _trigger("certs_credential_mark_issued", "certs_credential", _holding("t.id", "t.issued_on"))
    _trigger(
        "certs_credential_event_mark_turned",
        "certs_credential_event",
        _holding("t.credential_id", _DAY.format("t.at"), f"t.kind in {_TURNS}"),
    )
    # at the end of the transaction, when the event of the new state is there, whichever was written first
    last = f"(select max({_DAY.format('e.at')}) from certs_credential_event e where e.credential_id = new.id and e.kind in {_TURNS})"
    _trigger(
        "certs_credential_mark_status",
        "certs_credential",
        _holding("new.id", f"coalesce({last}, new.issued_on)"),
        "new.status <> old.status",
        deferred=True,
    )
    # 90 days before the end a credential begins to count as one that ends soon
    _trigger(
        "certs_credential_mark_review",
        "certs_credential",
        _holding("new.id", "least(old.valid_until_on, old.review_on) - 90"),
        "new.review_on is distinct from old.review_on",
    )


def _enterprises() -> None:
    founded = f"select 'enterprise', {{0}}.region, {_DAY.format('{0}.created_at')} where {{0}}.kind = 'enterprise'"
    _trigger("identity_organisation_mark_founded", "identity_organisation", founded.format("t"))
    _trigger(
        "identity_organisation_mark_stands",
        "identity_organisation",
        f"{founded.format('old')} union {founded.format('new')}",
        "(new.kind, new.region, new.industry, new.created_at, new.deregistered_on) is distinct from"
        " (old.kind, old.region, old.industry, old.created_at, old.deregistered_on)",
    )
    works = "select 'enterprise', o.region, {1} from identity_organisation o where o.id = {0}.organisation_id"
    _trigger("identity_engagement_mark_begun", "identity_engagement", works.format("t", "t.started_on"))
    same = (
        "(new.person_id, new.organisation_id, new.role, new.started_on)"
        " = (old.person_id, old.organisation_id, old.role, old.started_on)"
    )
    since = f"case when {same} then least(old.ended_on, new.ended_on) else least(old.started_on, new.started_on) end"
    _trigger(
        "identity_engagement_mark_changed",
        "identity_engagement",
        f"{works.format('old', since)} union {works.format('new', since)}",
        f"not {same} or new.ended_on is distinct from old.ended_on",
    )


def _holding(credential: str, since: str, where: str = "true") -> str:
    """Return the marks of a credential's region, and of the enterprises that its holder works or worked for."""
    return (
        f"select 'credential', c.region, {since} from certs_credential c where c.id = {credential} and {where}"
        f" union select 'enterprise', o.region, {since} from certs_credential c"
        " join identity_engagement w on w.person_id = c.person_id"
        f" join identity_organisation o on o.id = w.organisation_id where c.id = {credential} and {where}"
    )


def _trigger(name: str, table: str, marks: str, touching: str = "", *, deferred: bool = False) -> None:
    """Mark as the owner: once for the statement that inserts rows `t`, or for each row `old` and `new` that is touched."""
    into = "insert into records_stale (source, region, day_on)"
    act = f"{into} {marks}" if touching else f"{into} select distinct m.* from touched t cross join lateral ({marks}) m"
    when = (
        f"update on {table} {'deferrable initially deferred' if deferred else ''} for each row when ({touching})"
        if touching
        else f"insert on {table} referencing new table as touched for each statement"
    )
    run(
        f"create function records_{name}() returns trigger language plpgsql security definer"
        f" set search_path = public, pg_temp as $$ begin {act}; return null; end $$",
        f"revoke execute on function records_{name}() from public",
        f"create {'constraint' if deferred else ''} trigger {name} after {when} execute function records_{name}()",
    )
