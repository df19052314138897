"""The witness against each MUST of C2SP tlog-witness, over its HTTP face."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient, Response

from exam.cli.witness import WitnessApp
from exam.core.audit.checkpoint import Checkpoint, parse_checkpoint
from exam.core.audit.custody import write_durably
from exam.core.audit.note import Note, parse_note, parse_signatures
from exam.core.audit.witness import LogUnknownError, SizeMismatchError, Submission, Witness, digest_of, parse_submission
from tests.builders import merkle
from tests.builders.log import ORIGIN, SEEN_AT, SmallLog, log_signer, witness_signer

ENTRIES = [f"entry {number}".encode() for number in range(40)]
LOG = SmallLog(ENTRIES)
FORK = SmallLog([*ENTRIES[:5], b"another", *ENTRIES[6:]])
RACES = int(os.environ.get("ANKAO_RACES", "150"))
"""10,000 by the environment."""


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(tmp_path, witness_signer(1), [log_signer().key])


def request(
    old: int, new: int, log: SmallLog = LOG, *, path: list[bytes] | None = None, note: bytes | None = None
) -> bytes:
    found = merkle.consistency_proof(old, log.entries[:new]) if 0 < old <= new else []
    signed = parse_note(note or log.checkpoint(size=new))
    return Submission(old, tuple(found if path is None else path), signed).to_bytes()


async def post(witness: Witness, body: bytes) -> Response:
    # the protocol layer's types differ from the framework's; at run time both are plain ASGI
    transport = ASGITransport(WitnessApp(witness))  # type: ignore[arg-type]
    async with AsyncClient(transport=transport, base_url="http://witness") as client:
        return await client.post("/add-checkpoint", content=body)


async def test_a_first_and_a_following_head_are_signed_with_the_time(witness: Witness) -> None:
    for old, new in ((0, 3), (3, 3), (3, 17), (17, 40)):
        answer = await post(witness, request(old, new))
        assert answer.status_code == 200
        (signature,) = parse_signatures(answer.text)
        assert witness.key.verify(parse_note(LOG.checkpoint(size=new)).text, signature) == SEEN_AT


async def test_the_latest_head_can_be_asked_for(witness: Witness) -> None:
    await post(witness, request(0, 7))
    transport = ASGITransport(WitnessApp(witness))  # type: ignore[arg-type]
    async with AsyncClient(transport=transport, base_url="http://witness") as client:
        kept = parse_note((await client.get(f"/{digest_of(ORIGIN)}/checkpoint")).content)
        assert parse_checkpoint(kept.text).size == 7
        assert [each.name for each in kept.signatures] == [ORIGIN, "w1.example"]
        assert (await client.get(f"/{digest_of('other')}/checkpoint")).status_code == 404
        assert (await client.get("/vkey")).text == f"{witness.key}\n"
        assert (await client.get("/elsewhere")).status_code == 404


async def test_another_old_size_is_answered_with_the_size_that_is_known(witness: Witness) -> None:
    await post(witness, request(0, 7))
    for old in (0, 3, 8):
        answer = await post(witness, request(old, 17))
        assert (answer.status_code, answer.text) == (409, "7\n")
        assert answer.headers["content-type"] == "text/x.tlog.size"


async def test_a_second_root_of_one_size_is_a_conflict(witness: Witness) -> None:
    await post(witness, request(0, 7))
    answer = await post(witness, request(7, 7, FORK))
    assert answer.status_code == 409
    assert answer.headers["content-type"] != "text/x.tlog.size"


async def test_a_fork_and_a_bent_proof_are_refused(witness: Witness) -> None:
    await post(witness, request(0, 7))
    good = merkle.consistency_proof(7, ENTRIES[:17])
    for body in (
        request(7, 17, FORK),
        request(7, 17, path=good[:-1]),
        request(7, 17, path=[*good, bytes(32)]),
        request(7, 17, path=good[::-1]),
        request(7, 7, path=[bytes(32)]),
    ):
        assert (await post(witness, body)).status_code == 422
    assert (await post(witness, request(7, 17))).status_code == 200


async def test_a_proof_from_nothing_is_empty(witness: Witness) -> None:
    assert (await post(witness, request(0, 7, path=[bytes(32)]))).status_code == 422


async def test_unknown_logs_and_keys_are_told_apart(witness: Witness) -> None:
    stranger = LOG.checkpoint(size=7, signer=log_signer("other.example/log", seed=2))
    assert (await post(witness, request(0, 7, note=stranger))).status_code == 404
    for seed in (2, 3):
        forged = LOG.checkpoint(size=7, signer=log_signer(seed=seed))
        assert (await post(witness, request(0, 7, note=forged))).status_code == 403
    bent = LOG.checkpoint(size=7).replace(b"\n7\n", b"\n8\n")
    assert (await post(witness, request(0, 8, note=bent))).status_code == 403


async def test_signatures_of_strangers_beside_the_logs_own_change_nothing(witness: Witness) -> None:
    note = parse_note(LOG.checkpoint("w2", "w3", size=7))
    more = Note(note.text, (log_signer(seed=8).sign(note.text), *note.signatures))
    assert (await post(witness, request(0, 7, note=more.to_bytes()))).status_code == 200


@pytest.mark.parametrize(
    "bend",
    [
        lambda body: body[:0],
        lambda body: body[:-3],
        lambda body: body.replace(b"old 0", b"old 00"),
        lambda body: body.replace(b"old 0", b"old -1"),
        lambda body: body.replace(b"old 0", b"new 0"),
        lambda body: body.replace(b"old 0", b"old 9"),
        lambda body: body.replace(b"\n\n", b"\nAAAA\n\n", 1),
        lambda body: body.replace(b"\n\n", b"\n" + b"A" * 43 + b"=\n" * 1 + (b"A" * 43 + b"=\n") * 63 + b"\n", 1),
        lambda body: b"\xff" + body,
        lambda body: body + b"x" * 70_000,
    ],
)
async def test_what_is_no_request_is_refused_and_changes_nothing(
    witness: Witness, bend: Callable[[bytes], bytes]
) -> None:
    assert (await post(witness, bend(request(0, 7)))).status_code == 400
    with pytest.raises(LogUnknownError):
        witness.latest(digest_of(ORIGIN))


def test_a_request_is_read_as_written() -> None:
    body = request(7, 17)
    assert parse_submission(body).to_bytes() == body


def test_a_head_is_kept_before_its_signature_leaves(witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exam.core.audit.witness.write_durably", refuse)
    with pytest.raises(OSError, match="disk"):
        witness.add_checkpoint(request(0, 7))
    monkeypatch.setattr("exam.core.audit.witness.write_durably", write_durably)
    with pytest.raises(SizeMismatchError):
        witness.add_checkpoint(request(7, 17))


def refuse(*_: object) -> None:
    message = "disk full"
    raise OSError(message)


def test_two_at_once_never_roll_a_log_back(tmp_path: Path) -> None:
    """The race that the protocol warns of: from one size, heads of N and N + K arrive together."""
    first, other = (Witness(tmp_path, witness_signer(1), [log_signer().key]) for _ in range(2))
    with ThreadPoolExecutor(2) as pool:
        for turn in range(RACES):
            known = 1 + turn % 30
            (tmp_path / f"{digest_of(ORIGIN)}.checkpoint").unlink(missing_ok=True)
            first.add_checkpoint(request(0, known))
            jobs = [pool.submit(attempt, each, known, known + step) for each, step in ((first, 1), (other, 9))]
            accepted = [job.result() for job in jobs]
            assert sum(accepted) == 1
            kept = parse_checkpoint(parse_note(first.latest(digest_of(ORIGIN))).text)
            assert kept == head(known + (1 if accepted[0] else 9))


def attempt(witness: Witness, old: int, new: int) -> bool:
    try:
        witness.add_checkpoint(request(old, new))
    except SizeMismatchError:
        return False
    return True


def head(size: int) -> Checkpoint:
    return Checkpoint(ORIGIN, size, merkle.tree_head(ENTRIES[:size]))
