"""Who may break a rule of the house, and why; an entry that nothing needs any more fails the tests."""

from typing import NamedTuple


class Exemption(NamedTuple):
    """One allowed breach: the finding's rule, file and expression."""

    rule: str
    path: str
    code: str
    reason: str


EXEMPTIONS = (
    Exemption(
        "clock",
        "exam/cli/simulation/terminal.py",
        "time.time_ns()",
        "a simulated terminal has a clock of its own, as a browser has",
    ),
    Exemption(
        "clock",
        "exam/cli/simulation/candidate.py",
        "time.time_ns()",
        "the history is stamped by the candidate's clock; the judge compares it with nothing of the server's",
    ),
    Exemption(
        "clock",
        "exam/cli/simulation/staff.py",
        "datetime.now(UTC)",
        "a person at a desk plans by the clock on the wall",
    ),
    Exemption(
        "clock",
        "exam/cli/simulation/staff.py",
        "time.time()",
        "a simulated authenticator waits for its next code as a telephone does",
    ),
    Exemption(
        "commit",
        "exam/training/classes/batch.py",
        "whole.rollback()",
        "a dry run takes its own savepoint back; the transaction stays with the edge",
    ),
    Exemption(
        "commit",
        "certs/national/service.py",
        "trial.rollback()",
        "a dry run takes its own savepoint back; the transaction stays with the edge",
    ),
    Exemption(
        "commit",
        "exam/sitting/batch.py",
        "whole.rollback()",
        "a dry run takes its own savepoint back; the transaction stays with the edge",
    ),
    Exemption(
        "http",
        "exam/cli/bench/hello.py",
        "from litestar.types import Message, Receive, Scope, Send",
        "the static server that the answer path is measured against",
    ),
    Exemption(
        "http",
        "exam/cli/bench/one_by_one.py",
        "from litestar import Litestar",
        "the whole web process again, composed with one commit per request to measure against",
    ),
    Exemption(
        "http",
        "exam/delivery/answer_path.py",
        "from litestar import Litestar",
        "the raw route in front of the framework (deploy/decisions/0001)",
    ),
    Exemption(
        "http",
        "exam/delivery/answer_path.py",
        "from litestar.types import Receive, Scope, Send",
        "the raw route in front of the framework (deploy/decisions/0001)",
    ),
    Exemption(
        "http",
        "exam/delivery/api.py",
        "from litestar.types import Scope",
        "the lease travels in a header that pages of upper packages check too",
    ),
)
