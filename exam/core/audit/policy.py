"""Trust policies (C2SP tlog-policy): which logs, which witnesses, and how many of them make a checkpoint count; pure."""

from collections.abc import Collection, Mapping

import msgspec

from exam.core.audit.checkpoint import Checkpoint, parse_checkpoint
from exam.core.audit.note import (
    COSIGNATURE,
    ED25519,
    Note,
    NoteError,
    UnsignedNoteError,
    VerifierKey,
    parse_note,
    parse_verifier_key,
    verified_by,
)
from exam.core.errors import DomainError

NONE = "none"
MAX_POLICY_BYTES = 65_536


class PolicyError(DomainError):
    """A policy file does not say what policies say; `line` counts from 1."""

    code = "log_policy"
    message = "见证策略文件第 {line} 行有误。"


class QuorumError(UnsignedNoteError):
    """The log has signed and too few witnesses have: the checkpoint is not yet witnessed."""

    code = "not_yet_witnessed"
    message = "检查点还没有足够的见证签名。"


class Peer(msgspec.Struct, frozen=True):
    """A log or a witness: its key, and where it is reached, if it is."""

    key: VerifierKey
    url: str = ""


class Group(msgspec.Struct, frozen=True):
    """So many of these."""

    threshold: int
    members: tuple[str, ...]


class Witnessed(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint that a policy accepts: `cosigned` is the Unix second of each witness's cosignature, by its name."""

    checkpoint: Checkpoint
    note: Note
    log: VerifierKey
    cosigned: Mapping[str, int]

    def witnessed_at(self, policy: "Policy") -> int | None:
        """Return the earliest second by which a quorum had seen this tree; None where none is needed."""
        if policy.quorum == NONE:
            return None
        for second in sorted(self.cosigned.values()):
            if policy.has_quorum([name for name, seen in self.cosigned.items() if seen <= second]):
                return second
        return None


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What a verifier has pinned; names are the policy's own and not those of the keys."""

    logs: tuple[Peer, ...] = ()
    witnesses: Mapping[str, Peer] = {}
    groups: Mapping[str, Group] = {}
    quorum: str = NONE

    def has_quorum(self, cosigned: Collection[str]) -> bool:
        """Tell whether these witnesses are enough."""
        return self.quorum == NONE or self._counts(self.quorum, cosigned)

    def _counts(self, name: str, cosigned: Collection[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in cosigned
        return sum(self._counts(member, cosigned) for member in group.members) >= group.threshold

    def accept(self, data: bytes) -> Witnessed:
        """Read a checkpoint and check it against the policy.

        Raises NoteError, UnsignedNoteError where no known log has signed, QuorumError where too few witnesses have.
        """
        found = self.read(data)
        if not self.has_quorum(found.cosigned.keys()):
            raise QuorumError(cosigned=len(found.cosigned))
        return found

    def read(self, data: bytes) -> Witnessed:
        """Read a checkpoint of a known log with the cosignatures that hold, be they enough or not; raises as `accept`."""
        note = parse_note(data)
        checkpoint = parse_checkpoint(note.text)
        signed = verified_by(note, [*(log.key for log in self.logs), *(peer.key for peer in self.witnesses.values())])
        log = next((log.key for log in self.logs if log.key.name == checkpoint.origin and log.key in signed), None)
        if log is None:
            raise UnsignedNoteError(origin=checkpoint.origin)
        cosigned = {name: signed[peer.key].at or 0 for name, peer in self.witnesses.items() if peer.key in signed}
        return Witnessed(checkpoint=checkpoint, note=note, log=log, cosigned=cosigned)

    def to_text(self) -> str:
        """Return the policy as a file."""
        lines = [f"log {log.key} {log.url}".rstrip() for log in self.logs]
        lines += [f"witness {name} {peer.key} {peer.url}".rstrip() for name, peer in self.witnesses.items()]
        lines += [f"group {name} {each.threshold} {' '.join(each.members)}" for name, each in self.groups.items()]
        return "\n".join([*lines, f"quorum {self.quorum}", ""])


def parse_policy(text: str) -> Policy:
    """Read a policy file; raises PolicyError naming the line."""
    reader, number = _Reader(), 0
    if len(text) > MAX_POLICY_BYTES:
        raise PolicyError(line=1)
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            reader.take(words)
        except (NoteError, ValueError, KeyError, IndexError) as error:
            raise PolicyError(line=number) from error
    if reader.quorum is None:
        raise PolicyError(line=number)
    return Policy(logs=tuple(reader.logs), witnesses=reader.witnesses, groups=reader.groups, quorum=reader.quorum)


class _Reader:
    """Takes a policy line by line; a line that does not fit is a ValueError."""

    def __init__(self) -> None:
        self.logs: list[Peer] = []
        self.witnesses: dict[str, Peer] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._members: set[str] = set()

    def take(self, words: list[str]) -> None:
        match words:
            case ["log", key, *url] if len(url) <= 1:
                self.logs.append(self._peer(key, url, ED25519, [log.key for log in self.logs]))
            case ["witness", name, key, *url] if len(url) <= 1:
                known = [peer.key for peer in self.witnesses.values()]
                self.witnesses[self._fresh(name)] = self._peer(key, url, COSIGNATURE, known)
            case ["group", name, threshold, *members] if members:
                self.groups[self._fresh(name)] = self._group(threshold, members)
            case ["quorum", name] if self.quorum is None and (name == NONE or self._known(name)):
                self.quorum = name
            case _:
                raise ValueError(words[0])

    def _peer(self, key: str, url: list[str], kind: int, known: list[VerifierKey]) -> Peer:
        parsed = parse_verifier_key(key)
        if parsed.kind != kind or parsed.public in {each.public for each in known}:
            raise ValueError(parsed.name)
        return Peer(parsed, *url)

    def _fresh(self, name: str) -> str:
        if name == NONE or self._known(name):
            raise ValueError(name)
        return name

    def _known(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _group(self, threshold: str, members: list[str]) -> Group:
        # a name counts once, or one witness could be two votes
        if len(set(members)) < len(members) or not all(map(self._known, members)) or self._members & set(members):
            raise ValueError(threshold)
        self._members |= set(members)
        wanted = {"any": 1, "all": len(members)}.get(threshold) or int(threshold)
        if not 1 <= wanted <= len(members):
            raise ValueError(threshold)
        return Group(wanted, tuple(members))
