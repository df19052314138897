"""A witness on the demo's own machine: it shows how witnessing works, and proves nothing against its operator."""

from pathlib import Path

from exam.cli.signer import open_custody
from exam.cli.witness import open_witness
from exam.core.audit.note import Ed25519NoteSigner
from exam.core.audit.policy import Peer, Policy
from exam.core.config import Settings
from exam.core.embedded.process import short_socket

NAME = "demo-witness.invalid"


def demo_policy(settings: Settings) -> Path:
    """Return where the demo's policy stands: one witness, on this machine."""
    return settings.data_dir / "witness" / "policy"


def demo_witness(settings: Settings) -> list[str]:
    """Make keys and policy of the demo's witness, and return the options that it runs with."""
    folder = settings.data_dir / "witness"
    folder.mkdir(exist_ok=True, mode=0o700)
    custody = open_custody(settings)
    log = Ed25519NoteSigner(custody.name, custody.private)
    logs = folder / "logs"
    logs.write_text(Policy(logs=(Peer(log.key),)).to_text(), encoding="utf-8")
    witness = open_witness(folder, NAME, logs, may_create=True)
    socket = short_socket(folder / "socket")
    policy = Policy(witnesses={"demo": Peer(witness.key, f"unix:{socket}")}, quorum="demo")
    demo_policy(settings).write_text(policy.to_text(), encoding="utf-8")
    return ["--dir", str(folder), "--name", NAME, "--logs", str(logs), "--uds", str(socket)]
