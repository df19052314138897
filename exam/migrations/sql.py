"""Words of the migrations: grants, append-only tables and region policies, each written in one way only."""

from alembic import op


def run(*statements: str) -> None:
    """Execute statements in order."""
    for statement in statements:
        op.execute(statement)


def grant(table: str, **rights: str) -> None:
    """Grant rights on a table: `grant("t", app="select, insert", bank="select")`."""
    for role, words in rights.items():
        op.execute(f"grant {words} on {table} to ankao_{role}")


def append_only(table: str) -> None:
    """Refuse UPDATE, DELETE and TRUNCATE for everyone who does not switch triggers off; grants refuse them as well."""
    run(
        f"create trigger {table}_append_only before update or delete on {table}"
        " for each row execute function ankao_refuse_change()",
        f"create trigger {table}_no_truncate before truncate on {table}"
        " for each statement execute function ankao_refuse_change()",
    )


def region_policy(table: str, column: str = "region", *, person: str = "", organisation: str = "") -> None:
    """Show and accept only rows of the transaction's scope; `person`/`organisation` name columns for those scopes."""
    test = f"ankao_in_region({column})"
    if person:
        test += f" or {person} = ankao_person()"
    if organisation:
        test += f" or {organisation} = ankao_organisation()"
    run(
        f"alter table {table} enable row level security",
        f"create policy {table}_scope on {table} to ankao_app, ankao_bank using ({test}) with check ({test})",
    )


def open_policy(table: str, role: str) -> None:
    """Let one role see every row of a table under row-level security; its own checks are the scope."""
    op.execute(f"create policy {table}_{role} on {table} to ankao_{role} using (true) with check (true)")
