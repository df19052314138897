"""Rows are born at the beginning of their life, and a registration moves on its one edge only (DESIGN.md §6.2)."""

from exam.migrations.sql import run

revision = "20261127T0520"
down_revision = "20261127T0513"

BIRTHS = {
    "delivery_attempt": "state in ('created', 'checked_in') and extension_ms = 0 and num_nonnulls(form_id, admitted_at,"
    " started_at, paused_at, deadline_at, submitted_at, finalised_at, answered, response_digest, receipt_code) = 0",
    "sitting_sitting": "state = 'planned'",
    "sitting_registration": "state in ('accepted', 'refused')",
    "certs_credential": "status = 'issued'",
}


def upgrade() -> None:
    for table, beginning in BIRTHS.items():
        run(
            f"create policy {table}_birth on {table} as restrictive for insert to ankao_app, ankao_answer"
            f" with check ({beginning})",
        )
    run(
        _GUARD_REGISTRATION,
        "create trigger sitting_registration_guard before update on sitting_registration"
        " for each row execute function sitting_guard_registration()",
    )


_GUARD_REGISTRATION = """
create function sitting_guard_registration() returns trigger language plpgsql as $$
begin
    if new.state <> old.state and (old.state || '>' || new.state) <> 'accepted>cancelled' then
        raise exception 'registration %: % cannot become %', old.id, old.state, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    if (new.sitting_id, new.person_id, new.qualification, new.region, new.rule_set, new.registered_at)
        is distinct from
        (old.sitting_id, old.person_id, old.qualification, old.region, old.rule_set, old.registered_at)
    then
        raise exception 'registration %: what is fixed would change', old.id
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""
