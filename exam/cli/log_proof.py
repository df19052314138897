"""Checking a proof file of the log (`.tlog-proof`) against a pinned policy, without any network."""

from pathlib import Path

import msgspec
import rich_click as click

from certs.api import LogNote
from exam.core.audit.note import NoteError
from exam.core.audit.policy import parse_policy
from exam.core.audit.proof import HEADER, check_proof, parse_proof
from exam.core.errors import DomainError
from exam.web.i18n import fill

VALID, WRONG = 0, 1


class ProofAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a proof came to; `entry` is the proved audit entry, only where the proof holds."""

    valid: bool
    status: str
    reasons: tuple[str, ...] = ()
    message: str = ""
    number_masked: str | None = None
    log: LogNote = LogNote()
    entry: msgspec.Raw = msgspec.Raw(b"null")


def is_proof(data: bytes) -> bool:
    """Tell a proof file from a certificate."""
    return data.startswith(HEADER.encode())


def check_proof_file(data: bytes, policy: Path) -> ProofAnswer:
    """Check a proof that brings its entry along against a pinned policy file; raises PolicyError."""
    pinned = parse_policy(policy.read_text(encoding="utf-8"))
    try:
        proof = parse_proof(data)
        if proof.leaf is None:
            raise NoteError
        under = check_proof(proof, proof.leaf, pinned)
    except DomainError as error:
        message = fill(error.message, error.fields)
        return ProofAnswer(valid=False, status="unproven", reasons=(error.code,), message=message)
    log = LogNote(index=proof.index, size=under.checkpoint.size, cosigned_by=tuple(under.cosigned))
    return ProofAnswer(valid=True, status="proven", log=log, entry=msgspec.Raw(proof.leaf))


def tell(answer: ProofAnswer, *, as_json: bool) -> int:
    """Print the answer and return the exit status."""
    if as_json:
        click.echo(msgspec.json.encode(answer).decode())
    elif answer.valid:
        click.echo(f"成立:记录在日志第 {answer.log.index} 条(共 {answer.log.size} 条)")
        click.echo(f"  见证方  {', '.join(answer.log.cosigned_by) or '策略未要求'}")
        click.echo(msgspec.json.format(bytes(answer.entry), indent=2).decode())
    else:
        click.echo(f"不成立:{answer.message} ({', '.join(answer.reasons)})")
    return VALID if answer.valid else WRONG
