"""County, city and province as processes: whichever dies at whichever step, nothing is lost and nothing doubled."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from tests.builders.nodes import Authority
from tests.faults.nodes_kills import Outcome
from tests.services import Services

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT_S = 240
STEPS = [
    "hand in",
    "hand in",
    "score",
    "release",
    "issue",
    "tell",
    "county seals",
    "city takes",
    "county reads the receipt",
    "city returns",
    "county reads the return",
    "county corrects",
    "county seals anew",
    "city takes the correction",
    "city accepts",
    "city keeps",
    "city tells on",
    "county reads the acceptance",
    "city seals",
    "province takes",
    "province accepts",
    "province keeps",
    "city reads the acceptance",
]


def walk(services: Services, folder: Path) -> Outcome:
    authority = Authority(folder)
    with ExitStack() as stack:
        three = [stack.enter_context(services.database()) for _ in range(3)]
        given = [authority.issue(each, name) for each, name in zip(three, ("county", "city", "province"), strict=True)]
        (folder / "three.json").write_bytes(msgspec.json.encode(given, enc_hook=str))
        command = [sys.executable, "-m", "tests.faults.nodes_kills", str(folder / "three.json")]
        # it forks: a thread of a library would be missing in the child
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        result = subprocess.run(
            command, env=environment, cwd=ROOT, check=False, capture_output=True, text=True, timeout=LIMIT_S
        )
    assert result.returncode == 0, result.stderr[-4000:]
    return msgspec.json.decode(result.stdout, type=Outcome)


@pytest.mark.slow
def test_what_is_examined_below_is_known_above_once_whoever_dies_at_whichever_step(
    services: Services, tmp_path: Path
) -> None:
    done = walk(services, tmp_path)
    assert done.killed == STEPS
    # one result, one certificate and one message of each change, whatever was begun twice
    assert done.county["results"] == [[100_00, 1], [85_00, 1]]
    assert done.county["credentials"] == [["issued", 1], ["suspended", 1]]
    assert done.county["acts"] == [
        ["attempt.finalised", 2],
        ["attempt.scored", 2],
        ["batch.accepted_above", 1],
        ["batch.arrived_above", 2],
        ["batch.returned_above", 1],
        ["batch.sealed", 2],
        ["credential.issued", 2],
        ["credential.pdf_made", 2],
        ["credential.suspended", 1],
    ]
    # what was objected to is told as it stands now; the rest went up again as it was
    assert done.county["untold"] == [["set_aside", 1]]
    assert (done.county["sent"], done.city["arrived"]) == (
        [[1, "superseded", 4], [2, "accepted", 5]],
        [[1, "superseded", 4, 0], [2, "accepted", 5, 0]],
    )
    assert (done.city["sent"], done.province["arrived"]) == ([[1, "accepted", 5]], [[1, "accepted", 5, 0]])
    # to the byte what was told below is kept above, and both levels say so of each other
    assert done.county["told"] == done.city["kept"]
    assert done.city["told"] == done.province["kept"]
    assert done.compared == [2, 1]
    assert done.city["kinds"] == done.province["kinds"] == [["credential.changed", 3], ["result.released", 2]]
    assert done.city["untold"] == done.province["told"] == []
    for each in (done.county, done.city, done.province):
        assert (each["parts"], each["jobs"]) == ([[0]], [])
