"""A hold after the issue asks the regulators about a suspension: a proposal that nobody has made."""

from exam.migrations.sql import run

revision = "20261127T0340"
down_revision = "20261127T0330"


def upgrade() -> None:
    run(
        "alter table certs_proposal drop constraint certs_proposal_act_check",
        "alter table certs_proposal add constraint certs_proposal_act_check"
        " check (act in ('suspend', 'restore', 'revoke', 'annul'))",
        "alter table certs_proposal alter column proposed_by drop not null",
        # a person who doubts suspends alone (certs.lifecycle.suspend); only the case of a hold waits for an answer
        "alter table certs_proposal add constraint certs_proposal_case_check"
        " check ((act = 'suspend') = (proposed_by is null))",
    )
