"""Keys of other algorithms: the P-256 key of documents, and SM2 as an algorithm of credential keys."""

from exam.migrations.sql import run

revision = "20261127T1708"
down_revision = "20261127T1656"


def upgrade() -> None:
    run(
        "alter table certs_key drop constraint certs_key_algorithm_check",
        "alter table certs_key add constraint certs_key_algorithm_check"
        " check (algorithm in ('Ed25519', 'ECDSA-P256', 'SM2'))",
        "alter table certs_key drop constraint certs_key_public_check",
        "alter table certs_key add constraint certs_key_public_check"
        " check (length(public) = case algorithm when 'Ed25519' then 32 else 65 end)",
    )
