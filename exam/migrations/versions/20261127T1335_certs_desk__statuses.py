"""What the signer holds a status list against before it signs: the positions, in every region; it signs under the monitor's role."""

from exam.migrations.sql import open_policy, run

revision = "20261127T1335"
down_revision = "20261127T1332"


def upgrade() -> None:
    run("grant select (position, credential_id) on certs_status_entry to ankao_monitor")
    open_policy("certs_status_entry", "monitor")
