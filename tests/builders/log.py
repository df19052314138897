"""Logs and witnesses for tests: keys, checkpoints and proofs without a database."""

from collections.abc import Callable, Sequence

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from exam.core.audit.checkpoint import Checkpoint
from exam.core.audit.note import CosignatureSigner, Ed25519NoteSigner, Note
from exam.core.audit.policy import Policy, parse_policy
from exam.core.audit.proof import LogProof
from tests.builders import merkle

ORIGIN = "ankao.example/log"
SEEN_AT = 1_795_000_000


def log_signer(name: str = ORIGIN, seed: int = 1) -> Ed25519NoteSigner:
    """Return a log's signer; equal seeds are equal keys."""
    return Ed25519NoteSigner(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def witness_signer(number: int, unix_s: Callable[[], int] = lambda: SEEN_AT) -> CosignatureSigner:
    """Return the signer of witness `w1.example`, `w2.example` and so on."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([100 + number]) * 32)
    return CosignatureSigner(f"w{number}.example", private, unix_s)


WITNESSES = {f"w{number}": witness_signer(number) for number in (1, 2, 3)}


def two_of_three(log: Ed25519NoteSigner | None = None) -> Policy:
    """Return a policy that wants two of the three witnesses."""
    lines = [f"log {(log or log_signer()).verifier_key}"]
    lines += [f"witness {name} {signer.verifier_key}" for name, signer in WITNESSES.items()]
    return parse_policy("\n".join([*lines, "group W 2 w1 w2 w3", "quorum W", ""]))


class SmallLog(msgspec.Struct, frozen=True):
    """Entries that stand in a log nobody stores."""

    entries: Sequence[bytes]

    def checkpoint(self, *cosigned_by: str, size: int | None = None, signer: Ed25519NoteSigner | None = None) -> bytes:
        """Return the signed checkpoint with the cosignatures of the named witnesses."""
        log, size = signer or log_signer(), len(self.entries) if size is None else size
        text = Checkpoint(log.key.name, size, merkle.tree_head(self.entries[:size])).text()
        return Note(text, (log.sign(text), *(WITNESSES[name].sign(text) for name in cosigned_by))).to_bytes()

    def proof(self, index: int, *cosigned_by: str) -> LogProof:
        """Return the proof of one entry in the whole tree."""
        path = tuple(merkle.audit_path(index, self.entries))
        return LogProof(index=index, path=path, checkpoint=self.checkpoint(*cosigned_by))
