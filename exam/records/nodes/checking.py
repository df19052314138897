"""The rows of a batch against the contract and against what is known already; pure."""

from collections.abc import Mapping, Sequence

import msgspec

from exam.core.crypto import digest
from exam.core.principal import contains
from exam.records.exchange.conformance import faults_of
from exam.records.exchange.contract import Message, MessageUnreadableError
from exam.records.exchange.xml import read_body

UNREADABLE, SCHEMA, REGION, ORDER, CHANGED = "unreadable", "schema", "region", "order", "changed"
Known = Mapping[str, Mapping[int, bytes]]
"""Digests of the bodies that are kept, by subject and number."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One row, its number in the batch from 1; `fault` is empty, or one of the words above and what it is about."""

    number: int
    body: str
    message: Message | None
    fault: str = ""
    known: bool = False
    """It is kept already, to the byte."""


def subjects_of(bodies: Sequence[str]) -> set[str]:
    """Return what the readable rows are about."""
    return {message.subject for message in map(_readable, bodies) if message is not None}


def check_rows(bodies: Sequence[str], *, region: str, known: Known) -> list[Checked]:
    """Judge every row: its form, its place, and its order after what is kept and what stands above it."""
    last = {subject: max(numbers, default=0) for subject, numbers in known.items()}
    found = []
    for number, body in enumerate(bodies, 1):
        message = _readable(body)
        if message is None:
            found.append(Checked(number=number, body=body, message=None, fault=UNREADABLE))
            continue
        kept = known.get(message.subject, {}).get(message.sequence)
        same = kept == digest(body.encode())
        fault = (
            "" if same else _fault(message, region=region, changed=kept is not None, last=last.get(message.subject, 0))
        )
        found.append(Checked(number=number, body=body, message=message, fault=fault, known=same))
        last[message.subject] = max(last.get(message.subject, 0), message.sequence)
    return found


def _fault(message: Message, *, region: str, changed: bool, last: int) -> str:
    if faults := faults_of(message):
        return f"{SCHEMA} {'; '.join(faults)}"
    if not contains(region, message.region):
        return f"{REGION} {message.region}"
    if changed:
        return f"{CHANGED} {message.sequence}"
    return f"{ORDER} {message.sequence}" if message.sequence <= last else ""


def _readable(body: str) -> Message | None:
    try:
        return read_body(body)
    except MessageUnreadableError:
        return None
