"""What the monitor may read, in every region: the log, and the tables that are folded from it; nothing sealed."""

from exam.migrations.sql import grant, open_policy, run

revision = "20261127T0521"
down_revision = "20261127T0520"

_WHOLE = (
    *("core_audit_entry", "core_log_leaf", "core_log_checkpoint", "grading_score", "grading_result", "grading_release"),
    *("certs_credential_event", "delivery_response_revision"),
)
_COLUMNS = {
    "certs_credential": "id, public_id, version, number_masked, person_id, holder_masked, qualification, category,"
    " region, issued_on, first_issued_on, valid_from_on, valid_until_on, review_due_on, status, rule_set, basis,"
    " issuer_id, issuer_name, employer, results, photo_key, issued_at, key_id, pdf_digest",
    "delivery_attempt": "id, response_digest, finalised_at",
    "questionbank_draw": "id, algorithm, seed_commitment, pool_digest, blueprint_digest",
    "questionbank_form": "id, draw_id, round, key, candidate_digest, scoring_digest",
}


def upgrade() -> None:
    for table in _WHOLE:
        grant(table, monitor="select")
    for table, columns in _COLUMNS.items():
        run(f"grant select ({columns}) on {table} to ankao_monitor")
    for table in (*_WHOLE, *_COLUMNS):
        open_policy(table, "monitor")
