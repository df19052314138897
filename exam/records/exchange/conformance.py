"""What a receiver must check of every message, and in which order: signature, form, schema, order of each subject."""

from collections.abc import Mapping

import msgspec

from exam.records.exchange.contract import Message, MessageUnreadableError, check, from_json
from exam.records.exchange.errors import MessageFaultyError
from exam.records.exchange.signing import SignatureWrongError, verify
from exam.records.exchange.xml import from_xml

ACCEPTED, REFUSED_SIGNATURE, REFUSED_ORDER, REFUSED_SCHEMA = 204, 401, 409, 422


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one delivery: the status that answers it, the verdict in a word, and the faults."""

    status: int
    verdict: str
    id: str = ""
    kind: str = ""
    subject: str = ""
    sequence: int = 0
    faults: tuple[str, ...] = ()


def read(secret: str, headers: Mapping[str, str], body: bytes, *, now_s: int, before: str = "") -> Message:
    """Return the message of a delivery that was signed with the secret, or the one before, and fits the schema.

    Raises SignatureWrongError, MessageUnreadableError and MessageFaultyError.
    """
    named = verify(secret, headers, body, now_s=now_s, before=before)
    message = from_xml(body) if "xml" in headers.get("content-type", "") else from_json(body)
    faults = faults_of(message)
    if named != str(message.id):
        faults.append("the header names another message")
    if faults:
        raise MessageFaultyError(field="; ".join(faults))
    return message


def faults_of(message: Message) -> list[str]:
    """Return what the schema finds wrong, each as `field: why`."""
    return [f"{fault.field}: {fault.why}" for fault in check(message)]


class Receiver:
    """The checks of one neighbour; it remembers the last number of each subject and the keys it has seen."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._last: dict[str, int] = {}
        self._keys: dict[str, str] = {}

    def receive(self, headers: Mapping[str, str], body: bytes, *, now_s: int) -> Verdict:
        """Judge one delivery; only what was accepted is remembered."""
        try:
            message = read(self._secret, headers, body, now_s=now_s)
        except SignatureWrongError as error:
            return Verdict(status=REFUSED_SIGNATURE, verdict="signature", faults=(str(error.fields["why"]),))
        except MessageUnreadableError as error:
            return Verdict(status=REFUSED_SCHEMA, verdict="unreadable", faults=(str(error),))
        except MessageFaultyError as error:
            return Verdict(status=REFUSED_SCHEMA, verdict="schema", faults=(str(error.fields["field"]),))
        return self._in_order(message)

    def _in_order(self, message: Message) -> Verdict:
        if self._keys.get(message.idempotency_key) == str(message.id):
            return _verdict(message, ACCEPTED, "duplicate")
        last = self._last.get(message.subject)
        if last is not None and message.sequence != last + 1:
            return _verdict(message, REFUSED_ORDER, "order", (f"{message.sequence} follows {last}",))
        self._last[message.subject] = message.sequence
        self._keys[message.idempotency_key] = str(message.id)
        return _verdict(message, ACCEPTED, "accepted")


def _verdict(message: Message, status: int, verdict: str, faults: tuple[str, ...] = ()) -> Verdict:
    return Verdict(
        status=status,
        verdict=verdict,
        id=str(message.id),
        kind=message.kind,
        subject=message.subject,
        sequence=message.sequence,
        faults=faults,
    )
