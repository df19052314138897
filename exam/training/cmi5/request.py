"""A request to the statement store as it came: its parameters, each at most once, and its headers; pure."""

from collections.abc import Iterable
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

from exam.training.cmi5.documents import Place, Seen
from exam.training.cmi5.errors import StatementFormError, StatementRuleError
from exam.training.cmi5.store import is_agent

MOST_NAME = 500
Parameters = TypeVar("Parameters", bound=msgspec.Struct)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request: `resource` is the part of its path below the endpoint."""

    method: str
    path: str
    resource: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return a header, empty if it was not sent."""
        return self.headers.get(name, "")

    def read(self, kind: type[Parameters]) -> Parameters:
        """Return the parameters as a struct; raises StatementFormError for unknown and for wrong ones."""
        named = {_snake(name): value for name, value in self.query.items()}
        try:
            return msgspec.convert(named, kind, strict=False)
        except msgspec.ValidationError as error:
            raise StatementFormError(what=str(error)[:200]) from error

    def place(self, resource: str, actor: str) -> Place:
        """Return which document is meant; raises StatementFormError, and StatementRuleError for another learner's."""
        key = "stateId" if resource == "state" else "profileId"
        activity = "" if resource == "agent" else self.query.get("activityId", "")
        agent, name = self.query.get("agent", ""), self.query.get(key, "")
        if (resource != "agent" and not activity) or max(len(activity), len(name)) > MOST_NAME:
            raise StatementFormError(what="activityId")
        if resource != "activity" and not is_agent(agent, actor):
            raise StatementRuleError(what="agent")
        if self.query.get("registration", actor) != actor:
            raise StatementRuleError(what="registration")
        return Place(resource=resource, activity=activity, name=name)

    @property
    def seen(self) -> Seen:
        return Seen(match=self.header("if-match"), none_match=self.header("if-none-match"))


def read_request(method: str, path: str, resource: str, query: bytes, headers: Iterable[tuple[bytes, bytes]]) -> Asked:
    """Return a request by its raw parts; raises StatementFormError for a parameter that stands twice."""
    pairs = parse_qsl(query.decode("utf-8", "replace"), keep_blank_values=True)
    if len({name for name, _ in pairs}) < len(pairs):
        raise StatementFormError(what="?")
    known = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}
    return Asked(method=method, path=path, resource=resource, query=dict(pairs), headers=known)


def _snake(name: str) -> str:
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name)
