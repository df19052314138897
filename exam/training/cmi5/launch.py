"""Launching a unit of cmi5 (its sections 8 and 10): its address, its launch data, and the statements that are ours; pure."""

import base64
import hmac
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID, uuid5

import msgspec

from exam.core.errors import NotFoundError
from exam.training.cmi5 import words
from exam.training.cmi5.errors import UnitKeyError
from exam.training.cmi5.rules import Unit
from exam.training.cmi5.statement import Account
from exam.training.packages.claim import mac_of, seal, unseal

PREFIX: Final = "/xapi/"
_PURPOSE, _TOKEN = b"ankao-xapi\x00", b"ankao-unit\x00"


class StoreKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which session an endpoint is for, in which region, at which origin alone, until a Unix second."""

    session: UUID
    region: str
    origin: str
    until: int


def endpoint_of(key: StoreKey, secret: bytes) -> str:
    """Return the endpoint of a session's statement store."""
    return f"{key.origin}{PREFIX}{seal(key, _PURPOSE, secret)}/"


def check_endpoint(token: str, host: str, *, at: datetime, secret: bytes) -> StoreKey:
    """Return what an endpoint is for; raises NotFoundError at another host, after its time, or if it was not made here."""
    key = unseal(token, StoreKey, _PURPOSE, secret)
    if urlsplit(key.origin).netloc != host or at.timestamp() > key.until:
        raise NotFoundError
    return key


def token_of(session: UUID, secret: bytes) -> str:
    """Return the token that a session's unit fetches once and shows with each request."""
    return base64.b64encode(f"{session.hex}:{mac_of(_TOKEN + session.bytes, secret)}".encode()).decode()


def check_token(header: str, session: UUID, secret: bytes) -> None:
    """Raise UnitKeyError unless an Authorization header holds the session's token."""
    kind, _, token = header.partition(" ")
    genuine = hmac.compare_digest(token.strip().encode(), token_of(session, secret).encode())
    if kind.lower() != "basic" or not genuine:
        raise UnitKeyError


def activity_id(lesson: UUID, key: str) -> str:
    """Return our own id of a lesson's unit, block or course: the same at every launch, and never the publisher's."""
    return f"urn:uuid:{uuid5(lesson, key)}"


def agent_of(account: Account) -> dict[str, Any]:
    """Return a learner as an agent."""
    return {"objectType": "Agent", "account": {"homePage": account.home_page, "name": account.name}}


def launch_href(unit: Unit, endpoint: str) -> str:
    """Return a unit's address inside its package with what a launch adds to it (8.1)."""
    added = {
        "endpoint": endpoint,
        "fetch": f"{endpoint}fetch",
        "actor": msgspec.json.encode(agent_of(unit.actor)).decode(),
        "registration": str(unit.registration),
        "activityId": unit.activity,
    }
    href, mark, fragment = unit.item.href.partition("#")
    return f"{href}{'&' if '?' in href else '?'}{urlencode(added, quote_via=quote)}{mark}{fragment}"


def _template(unit: Unit) -> dict[str, Any]:
    return {
        "contextActivities": {"grouping": [{"objectType": "Activity", "id": unit.item.publisher}]},
        "extensions": {words.SESSION: str(unit.session)},
    }


def launch_data(unit: Unit) -> dict[str, Any]:
    """Return the state document that a unit finds its launch in (10.2)."""
    item = unit.item
    said: dict[str, Any] = {
        "contextTemplate": _template(unit),
        "launchMode": unit.mode,
        "launchMethod": item.method,
        "moveOn": str(item.move_on),
    }
    if item.launch:
        said["launchParameters"] = item.launch
    if item.mastery:
        said["masteryScore"] = float(item.mastery)
    if item.entitlement:
        said["entitlementKey"] = {"courseStructure": item.entitlement}
    return said


def own_statement(unit: Unit, verb: str, *, at: datetime, **more: Any) -> dict[str, Any]:
    """Return a statement of ours about a unit; `more` replaces its object or adds a result or extensions."""
    context = _template(unit)
    context["registration"] = str(unit.registration)
    context["contextActivities"]["category"] = [{"objectType": "Activity", "id": words.CATEGORY}]
    context["extensions"] |= more.pop("extensions", {})
    return {
        "actor": agent_of(unit.actor),
        "verb": {"id": verb, "display": {"en": verb.rpartition("/")[2]}},
        "object": {"objectType": "Activity", "id": unit.activity},
        "context": context,
        "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        **more,
    }


def launched(unit: Unit, base: str, *, at: datetime) -> dict[str, Any]:
    """Return the statement that a unit was launched (9.3.1)."""
    said = launch_data(unit)
    extensions = {
        words.MODE: unit.mode,
        words.MOVE_ON: said["moveOn"],
        words.LAUNCH_URL: base + unit.item.href,
        **({words.MASTERY: said["masteryScore"]} if "masteryScore" in said else {}),
        **({words.PARAMETERS: said["launchParameters"]} if "launchParameters" in said else {}),
    }
    return own_statement(unit, words.LAUNCHED, at=at, extensions=extensions)


def satisfied(unit: Unit, activity: str, kind: str, *, at: datetime) -> dict[str, Any]:
    """Return the statement that a block or the course is satisfied (9.3.9)."""
    about = {"objectType": "Activity", "id": activity, "definition": {"type": kind}}
    return own_statement(unit, words.SATISFIED, at=at, object=about)


def abandoned(unit: Unit, lasted_s: int, *, at: datetime) -> dict[str, Any]:
    """Return the statement that a session ended without a word (9.3.6)."""
    return own_statement(unit, words.ABANDONED, at=at, result={"duration": f"PT{lasted_s}S"})
