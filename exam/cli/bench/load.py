"""Driving a server: wrk where it is installed, else a generator of our own; each a process of its own."""

import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import msgspec

from exam.cli.bench.seating import Seated
from exam.cli.bench.stack import HOST, Server
from exam.core.errors import DomainError, Kind

PATIENCE_S = 60
US_PER_MS = 1000


class LoadFailedError(DomainError):
    """The load generator ended without a result, or the server refused what it sent."""

    kind = Kind.UNAVAILABLE
    code = "load_failed"
    message = "压力发生器失败:{reason}"


class Candidate(msgspec.Struct, frozen=True):
    """Whose saves are sent: the path of the save route and the lease; `seq` grows from `first_seq`."""

    path: str
    lease: str
    first_seq: int


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """What to send: `rate` in requests per second, sent whether or not the server keeps up; 0 means as fast as it answers."""

    port: int
    connections: int
    seconds: float
    rate: float = 0.0
    candidates: list[Candidate]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came back; `errors` are answers other than 200 and connections that broke."""

    requests: int
    errors: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def per_s(self) -> float:
        return self.requests / self.seconds


class Crowd:
    """The candidates of one bench: no sequence number is ever used twice, whichever generator runs."""

    def __init__(self, seated: list[Seated]) -> None:
        self._seated = seated
        self._runs = 0

    def spec(self, server: Server, connections: int, seconds: float, *, rate: float = 0.0) -> Spec:
        """Describe the next run."""
        self._runs += 1
        first = self._runs * 1_000_000
        candidates = [Candidate(f"/api/attempts/{each.attempt}/responses", each.lease, first) for each in self._seated]
        return Spec(port=server.port, connections=connections, seconds=seconds, rate=rate, candidates=candidates)


def drive(spec: Spec, folder: Path) -> Outcome:
    """Send what the spec says and return the outcome; raises LoadFailedError when any answer was no success."""
    wrk = shutil.which("wrk")
    outcome = _wrk(wrk, spec, folder) if wrk and not spec.rate else _own(spec, folder)
    if outcome.errors or not outcome.requests:
        raise LoadFailedError(reason=f"{outcome.errors} errors, {outcome.requests} answers")
    return outcome


def _own(spec: Spec, folder: Path) -> Outcome:
    path = folder / "load.json"
    path.write_bytes(msgspec.json.encode(spec))
    return msgspec.json.decode(_run([sys.executable, "-m", "exam.cli.bench.generator", str(path)], spec), type=Outcome)


def _wrk(wrk: str, spec: Spec, folder: Path) -> Outcome:
    """Run wrk (https://github.com/wg/wrk) with one thread; its script prints the outcome as JSON on the last line."""
    script = folder / "saves.lua"
    script.write_text((files("exam.cli.bench") / "saves.lua").read_text(encoding="utf-8"), encoding="utf-8")
    people = folder / "candidates.txt"
    lines = (f"{each.path} {each.lease} {each.first_seq}\n" for each in spec.candidates)
    people.write_text("".join(lines), encoding="ascii")
    seconds = max(1, round(spec.seconds))
    command = [wrk, "-t1", f"-c{spec.connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script)]
    command += [f"http://{HOST}:{spec.port}", "--", str(people)]
    return msgspec.json.decode(_run(command, spec).splitlines()[-1], type=Outcome)


def _run(command: list[str], spec: Spec) -> bytes:
    done = subprocess.run(command, check=False, capture_output=True, timeout=spec.seconds + PATIENCE_S)
    if done.returncode or not done.stdout:
        raise LoadFailedError(reason=done.stderr.decode(errors="replace")[-500:])
    return done.stdout
