"""The hours of a programme as one line per node, for people to read and to type; pure."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from exam.training.ledger.rules import hour_s
from exam.training.programmes.errors import NodeLineError
from exam.training.programmes.service import NodeHours

MOST_NODES = 500
MOST_HOURS = 1000


def write_lines(nodes: Iterable[NodeHours]) -> str:
    """Return code, title, hours of theory and hours of practice of each node."""
    return "\n".join(f"{node.code} {node.title} {_hours(node.theory_s)} {_hours(node.practice_s)}" for node in nodes)


def _hours(seconds: int) -> str:
    return f"{(Decimal(seconds) / hour_s()).normalize():f}"


def read_lines(text: str) -> list[NodeHours]:
    """Read what `write_lines` writes; nodes without hours are left out. Raises NodeLineError with the line."""
    nodes: dict[str, NodeHours] = {}
    for line in filter(None, (line.strip() for line in text.replace("\u3000", " ").splitlines())):
        node = _read(line)
        if node.code in nodes:
            raise NodeLineError(line=line)
        if node.theory_s or node.practice_s:
            nodes[node.code] = node
    if len(nodes) > MOST_NODES:
        raise NodeLineError(line=str(len(nodes)))
    return list(nodes.values())


def _read(line: str) -> NodeHours:
    try:
        code, middle = line.split(maxsplit=1)
        title, theory, practice = middle.rsplit(maxsplit=2)
        theory_s, practice_s = _seconds(theory), _seconds(practice)
    except (ValueError, InvalidOperation):
        raise NodeLineError(line=line) from None
    return NodeHours(code=code, title=title.strip(), theory_s=theory_s, practice_s=practice_s)


def _seconds(typed: str) -> int:
    hours = Decimal(typed)
    if not hours.is_finite() or not 0 <= hours <= MOST_HOURS:
        raise ValueError(typed)
    seconds = hours * hour_s()
    if seconds != int(seconds):
        raise ValueError(typed)
    return int(seconds)
