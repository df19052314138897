"""`ankao verify` on a proof file: no network, a pinned policy, and the entry that it proves."""

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from exam.cli.verify import command
from tests.builders.log import SmallLog, two_of_three

ENTRIES = [msgspec.json.encode({"act": f"thing.n{number}"}) for number in range(7)]


def verify(folder: Path, data: bytes, *options: str) -> Result:
    proof, policy = folder / "entry.tlog-proof", folder / "policy"
    proof.write_bytes(data)
    policy.write_text(two_of_three().to_text(), encoding="utf-8")
    return CliRunner().invoke(command, [str(proof), "--offline", "--key", str(policy), *options])


def proof_of(index: int, *cosigned: str, leaf: bytes | None = None) -> bytes:
    proof = SmallLog(ENTRIES).proof(index, *cosigned)
    return msgspec.structs.replace(proof, leaf=ENTRIES[index] if leaf is None else leaf).to_bytes()


def test_a_proof_that_holds_shows_its_entry(tmp_path: Path) -> None:
    result = verify(tmp_path, proof_of(3, "w1", "w2"), "--json")
    said = json.loads(result.output)
    assert (result.exit_code, said["valid"], said["status"]) == (0, True, "proven")
    assert said["log"] == {"index": 3, "size": 7, "cosigned_by": ["w1", "w2"]}
    assert said["entry"] == {"act": "thing.n3"}
    assert "thing.n3" in verify(tmp_path, proof_of(3, "w1", "w2")).output


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (proof_of(3, "w1", "w2", leaf=ENTRIES[4]), "log_proof"),
        (proof_of(3, "w1"), "not_yet_witnessed"),
        (proof_of(3, "w1", "w2").replace(b"\n7\n", b"\n8\n"), "log_note_unsigned"),
        (SmallLog(ENTRIES).proof(3, "w1", "w2").to_bytes(), "log_note"),
    ],
)
def test_a_proof_that_does_not_hold_says_why(tmp_path: Path, data: bytes, reason: str) -> None:
    result = verify(tmp_path, data, "--json")
    said = json.loads(result.output)
    assert (result.exit_code, said["valid"], said["reasons"], said["entry"]) == (1, False, [reason], None)
    assert "不成立" in verify(tmp_path, data).output
