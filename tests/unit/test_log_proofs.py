"""Notes, checkpoints, policies and travelling proofs: what is written is read again, what is bent is refused."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam.core.audit.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from exam.core.audit.note import (
    Note,
    NoteError,
    Signature,
    UnsignedNoteError,
    parse_note,
    parse_verifier_key,
    verified_by,
    with_signatures,
)
from exam.core.audit.policy import PolicyError, QuorumError, parse_policy
from exam.core.audit.proof import LogProof, check_proof, parse_proof
from exam.core.errors import DomainError
from tests.builders.log import ORIGIN, SEEN_AT, WITNESSES, SmallLog, log_signer, two_of_three, witness_signer

# the example that the authors of the format publish with their implementation
PUBLISHED_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLISHED_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
LOG = SmallLog([f"entry {number}".encode() for number in range(11)])
PROOF = LOG.proof(4, "w1", "w3")
LEAF = LOG.entries[4]


def test_published_note_verifies() -> None:
    key = parse_verifier_key(PUBLISHED_KEY)
    note = parse_note(PUBLISHED_NOTE.encode())
    assert str(key) == PUBLISHED_KEY
    assert note.to_bytes() == PUBLISHED_NOTE.encode()
    assert [signed.name for signed in verified_by(note, [key]).values()] == ["PeterNeumann"]


@pytest.mark.parametrize(
    "bent",
    [
        lambda text: text.replace("answer", "Answer"),
        lambda text: text.replace("x08go/ZJ", "x08go/ZK"),
    ],
)
def test_a_bent_note_is_refused(bent: Callable[[str], str]) -> None:
    with pytest.raises(UnsignedNoteError):
        verified_by(parse_note(bent(PUBLISHED_NOTE).encode()), [parse_verifier_key(PUBLISHED_KEY)])


@pytest.mark.parametrize(
    "text",
    ["", "\n", "text\n", "text\n\n", "text\n\n— name\n", "text\n\n— name AAAA\n", "text\n\n— na+me AAAAAAA=\n",
     "text\n\n- name AAAAAAAA\n", "text\n\n— name AAAAAAAA", "te\rxt\n\n— name AAAAAAAA\n", "text\n\n— name AAAAAAB=\n"],
)  # fmt: skip
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_note(text.encode())


@pytest.mark.parametrize(
    "key", ["", "a", "a+b+c", PUBLISHED_KEY.replace("c74f20a3", "c74f20a4"), PUBLISHED_KEY.replace("+ARp", "+Ahp")]
)
def test_what_is_no_verifier_key_is_refused(key: str) -> None:
    with pytest.raises(NoteError):
        parse_verifier_key(key)


@given(size=st.integers(0, 2**63 - 1), root=st.binary(min_size=32, max_size=32))
def test_checkpoints_are_read_as_written(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(ORIGIN, size, root)
    assert parse_checkpoint(checkpoint.text()) == checkpoint


@pytest.mark.parametrize("size", ["01", "-1", "1 ", "", "9223372036854775808", "1.0", "\u0661"])
def test_a_size_has_one_spelling(size: str) -> None:
    body = Checkpoint(ORIGIN, 7, bytes(32)).text().replace("\n7\n", f"\n{size}\n")
    with pytest.raises(NoteError):
        parse_checkpoint(body)


def test_a_checkpoint_is_opened_with_its_own_logs_key_only() -> None:
    signed = LOG.checkpoint()
    assert open_checkpoint(signed, log_signer().key)[0].size == len(LOG.entries)
    for other in (log_signer(seed=2), log_signer("other.example/log")):
        with pytest.raises(UnsignedNoteError):
            open_checkpoint(signed, other.key)


def test_a_cosignature_states_when_it_was_made() -> None:
    accepted = two_of_three().accept(LOG.checkpoint("w1", "w2"))
    assert accepted.cosigned == {"w1": SEEN_AT, "w2": SEEN_AT}
    later = witness_signer(1, lambda: SEEN_AT + 60)
    again = with_signatures(accepted.note, [later.sign(accepted.note.text)])
    assert len(again.signatures) == 3
    read = two_of_three().accept(again.to_bytes())
    assert read.cosigned == {"w1": SEEN_AT + 60, "w2": SEEN_AT}
    assert read.witnessed_at(two_of_three()) == SEEN_AT + 60


def test_a_cosignature_with_another_time_does_not_hold() -> None:
    note = parse_note(LOG.checkpoint("w1", "w2"))
    bent = note.signatures[1]
    moved = Signature(bent.name, bent.key_id, (SEEN_AT - 259_200).to_bytes(8) + bent.value[8:])
    with pytest.raises(UnsignedNoteError):
        two_of_three().accept(Note(note.text, (note.signatures[0], moved, note.signatures[2])).to_bytes())


@pytest.mark.parametrize("cosigned", [(), ("w1",), ("w3",)])
def test_too_few_witnesses_are_not_enough(cosigned: tuple[str, ...]) -> None:
    with pytest.raises(QuorumError):
        two_of_three().accept(LOG.checkpoint(*cosigned))
    assert two_of_three().read(LOG.checkpoint(*cosigned)).cosigned.keys() == set(cosigned)


def test_one_witness_cannot_vote_twice() -> None:
    note = parse_note(LOG.checkpoint("w1"))
    twice = Note(note.text, (*note.signatures, note.signatures[1]))
    with pytest.raises(QuorumError):
        two_of_three().accept(twice.to_bytes())


def test_a_policy_is_read_as_written() -> None:
    keys = {name: signer.verifier_key for name, signer in WITNESSES.items()}
    text = (
        f"# two cities and the audit office\nlog {log_signer().verifier_key} https://ankao.example/log\n\n"
        f"witness w1 {keys['w1']} https://w1.example\n\twitness w2 {keys['w2']}\nwitness w3 {keys['w3']}\n"
        "group cities any w1 w2\ngroup all all cities w3\nquorum all\n"
    )
    policy = parse_policy(text)
    assert parse_policy(policy.to_text()) == policy
    votes = [policy.has_quorum(names) for names in (["w1"], ["w1", "w2"], ["w3"], ["w2", "w3"])]
    assert votes == [False, False, False, True]
    assert parse_policy("quorum none\n").has_quorum([])


W1, W2 = (f"witness w{number} {WITNESSES[f'w{number}'].verifier_key}" for number in (1, 2))


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (1, ""),
        (1, "log x\nquorum none"),
        (1, f"log {WITNESSES['w1'].verifier_key}\nquorum none"),
        (1, f"witness w1 {log_signer().verifier_key}\nquorum none"),
        (2, f"{W1}\n{W1.replace('w1 ', 'w9 ', 1)}\nquorum none"),
        (2, f"{W1}\n{W2.replace('w2 ', 'w1 ', 1)}\nquorum none"),
        (2, f"{W1}\nquorum w2"),
        (3, f"{W1}\n{W2}\ngroup g 3 w1 w2\nquorum g"),
        (3, f"{W1}\n{W2}\ngroup g 0 w1 w2\nquorum g"),
        (3, f"{W1}\n{W2}\ngroup g 2 w1 w1\nquorum g"),
        (4, f"{W1}\n{W2}\ngroup g any w1\ngroup h all g w1\nquorum h"),
        (2, "quorum none\nquorum none"),
        (1, "quorums none"),
        (1, "witness none w+x+y\nquorum none"),
    ],
)
def test_a_policy_that_says_nothing_is_refused_with_its_line(line: int, text: str) -> None:
    with pytest.raises(PolicyError) as refused:
        parse_policy(text)
    assert refused.value.fields == {"line": line}


def test_a_proof_convinces_without_any_network() -> None:
    read = parse_proof(PROOF.to_bytes())
    assert read == PROOF
    assert check_proof(read, LEAF, two_of_three()).checkpoint.size == len(LOG.entries)


def test_a_proof_may_bring_its_leaf_along_and_proves_it() -> None:
    read = parse_proof(msgspec.structs.replace(PROOF, leaf=LEAF).to_bytes())
    assert read.leaf == LEAF
    check_proof(read, read.leaf, two_of_three())


def replaced(**changed: object) -> LogProof:
    fields = {name: getattr(PROOF, name) for name in PROOF.__struct_fields__}
    return LogProof(**fields | changed)


def other_checkpoint(index: int = 4, *cosigned: str, entries: int = 11) -> LogProof:
    return SmallLog([f"other {number}".encode() for number in range(entries)]).proof(index, *cosigned)


MUTATIONS = {
    "index before": replaced(index=3),
    "index after": replaced(index=5),
    "index outside": replaced(index=11),
    "index huge": replaced(index=2**63 - 1),
    "path cut at the leaf": replaced(path=PROOF.path[1:]),
    "path cut at the root": replaced(path=PROOF.path[:-1]),
    "path empty": replaced(path=()),
    "path longer": replaced(path=(*PROOF.path, bytes(32))),
    "path reversed": replaced(path=PROOF.path[::-1]),
    "path of another entry": replaced(path=LOG.proof(5).path),
    "whole proof of another entry": LOG.proof(5, "w1", "w2"),
    "tree of another log": other_checkpoint(4, "w1", "w2"),
    "smaller tree": replaced(checkpoint=LOG.checkpoint("w1", "w2", size=10)),
    "tree before the entry": replaced(checkpoint=LOG.checkpoint("w1", "w2", size=4)),
    "empty tree": replaced(checkpoint=LOG.checkpoint("w1", "w2", size=0)),
    "no witness": LOG.proof(4),
    "too few witnesses": LOG.proof(4, "w2"),
    "stranger's key": replaced(checkpoint=LOG.checkpoint("w1", "w2", signer=log_signer(seed=9))),
    "other origin": replaced(checkpoint=LOG.checkpoint("w1", "w2", signer=log_signer("x.example/log"))),
    "no checkpoint": replaced(checkpoint=b""),
    "size of 2^63": replaced(checkpoint=PROOF.checkpoint.replace(b"\n11\n", b"\n9223372036854775808\n")),
    "size changed": replaced(checkpoint=PROOF.checkpoint.replace(b"\n11\n", b"\n12\n")),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_mutated_proof_convinces_nobody(mutation: str) -> None:
    with pytest.raises(DomainError):
        check_proof(parse_proof(MUTATIONS[mutation].to_bytes()), LEAF, two_of_three())


@settings(max_examples=500)
@given(data=st.data())
def test_no_byte_of_a_proof_may_change(data: st.DataObject) -> None:
    written = PROOF.to_bytes()
    at = data.draw(st.integers(0, len(written) - 1))
    bent = written[:at] + bytes([written[at] ^ data.draw(st.integers(1, 255))]) + written[at + 1 :]
    try:
        check_proof(parse_proof(bent), LEAF, two_of_three())
    except DomainError:
        return
    # a line of a witness that nobody knows is passed over: then the others must still be a quorum
    pytest.fail(f"byte {at} was changed and the proof still convinced")


def test_no_other_leaf_fits_a_proof() -> None:
    with pytest.raises(DomainError):
        check_proof(PROOF, LEAF + b" ", two_of_three())
