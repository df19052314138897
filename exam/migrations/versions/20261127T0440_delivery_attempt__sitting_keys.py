"""Attempts and terminals point at their sitting by foreign keys, and a terminal that no room ever bound can be forgotten."""

from exam.migrations.sql import run

revision = "20261127T0440"
down_revision = "20261127T0431"

KEYS = (
    ("delivery_attempt", "registration_id", "sitting_registration"),
    ("delivery_attempt", "sitting_id", "sitting_sitting"),
    ("delivery_attempt", "room_id", "sitting_room"),
    ("delivery_attempt", "form_id", "questionbank_form"),
    ("delivery_terminal", "room_id", "sitting_room"),
)


def upgrade() -> None:
    for table, column, target in KEYS:
        name = f"{table}_{column}_fkey"
        run(
            # attempts are being written while this runs: the long look at the old rows comes without the lock
            f"alter table {table} add constraint {name} foreign key ({column}) references {target} not valid",
            f"alter table {table} validate constraint {name}",
        )
    run(
        "grant delete on delivery_terminal to ankao_answer",
        "create index delivery_terminal_created_at_idx on delivery_terminal (created_at) where state = 'pending'",
        _GUARD_TERMINAL,
        "create trigger delivery_terminal_guard before delete on delivery_terminal"
        " for each row execute function delivery_guard_terminal()",
    )


# a terminal that has stood in a room is part of that room's record
_GUARD_TERMINAL = """
create function delivery_guard_terminal() returns trigger language plpgsql as $$
begin
    if old.state <> 'pending' then
        raise exception 'terminal % has stood in a room', old.id using errcode = 'integrity_constraint_violation';
    end if;
    return old;
end
$$
"""
