"""The auditor's desk: search, one entry with its leaf, export; each look is itself an entry."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sheets.writer import OutCell, write_csv
from exam.desks.acts import ACTS
from exam.desks.audit_log_pages import show_proof
from exam.desks.audit_search import (
    AuditFilter,
    EntryView,
    check_entry,
    get_entry,
    list_entries,
    name_actors,
    parse_filter,
)
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import AnyRequest

ROLE = "auditor"
LIST = "/audit"
MOST_EXPORTED = 5_000
COLUMNS = (
    "position",
    "at_utc",
    "actor_kind",
    "actor",
    "act",
    "subject_kind",
    "subject",
    "region",
    "facts",
    "sha256",
    "leaf",
)

Text = Annotated[str, QueryParameter(max_length=128)]
Position = Annotated[int | None, QueryParameter(ge=0, le=2**63 - 1)]


class AuditController(Controller):
    """Entries of the auditor's region."""

    path = LIST
    opt = allow(ROLE)

    @get()
    async def search(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        act: FromQuery[Text] = "",
        kind: FromQuery[Text] = "",
        subject: FromQuery[Text] = "",
        actor: FromQuery[Text] = "",
        first: FromQuery[Text] = "",
        last: FromQuery[Text] = "",
        before: FromQuery[Position] = None,
    ) -> Template:
        typed = {"act": act, "kind": kind, "subject": subject, "actor": actor, "first": first, "last": last}
        shown: dict[str, Any] = {
            "typed": typed,
            "acts": ACTS,
            "entries": [],
            "more": False,
            "actors": {},
            "query": urlencode(typed),
            "first_page": before is None,
        }
        try:
            wanted = parse_filter(**typed)
        except DomainError as error:
            return form_again(request, error, "desks/audit.html", shown)
        entries, more = await list_entries(session, wanted, before=before)
        facts: dict[str, Fact] = {"shown": len(entries), "before": before}
        await _note(session, principal, "audit.searched", wanted, facts, at=runtime.clock.now())
        shown |= {"entries": entries, "more": more, "actors": await name_actors(session, entries), "problem": None}
        return Template("desks/audit.html", context=shown)

    @get("/entries/{entry_id:uuid}")
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        entry_id: FromPath[UUID],
    ) -> Template:
        entry = await get_entry(session, entry_id)
        subject = ("audit_entry", entry.id)
        await record(session, principal, "audit.read", subject, at=runtime.clock.now(), region=principal.region)
        context = {
            "acts": ACTS,
            "entry": entry,
            "check": check_entry(entry),
            "log": await show_proof(session, runtime, entry_id),
            "body": msgspec.json.format(entry.leaf, indent=2).decode(),
            "actors": await name_actors(session, [entry]),
        }
        return Template("desks/audit_entry.html", context=context)

    @get("/entries.csv")
    async def export(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        act: FromQuery[Text] = "",
        kind: FromQuery[Text] = "",
        subject: FromQuery[Text] = "",
        actor: FromQuery[Text] = "",
        first: FromQuery[Text] = "",
        last: FromQuery[Text] = "",
    ) -> Response[bytes]:
        wanted = parse_filter(act=act, kind=kind, subject=subject, actor=actor, first=first, last=last)
        entries, more = await list_entries(session, wanted, limit=MOST_EXPORTED)
        at = runtime.clock.now()
        await _note(session, principal, "audit.exported", wanted, {"rows": len(entries), "cut": more}, at=at)
        headers = {"Content-Disposition": f'attachment; filename="audit-{at:%Y%m%dT%H%M%SZ}.csv"'}
        content = write_csv(COLUMNS, [_cells(entry) for entry in entries])
        return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


async def _note(
    session: AsyncSession,
    principal: Principal,
    act: str,
    wanted: AuditFilter,
    facts: dict[str, Fact],
    *,
    at: datetime,
) -> None:
    """Record the look; what was typed freely may be a person's name or number and enters as a commitment only."""
    asked: dict[str, Fact] = {"act": wanted.act, "kind": wanted.kind}
    asked["first_on"] = wanted.first_on.isoformat() if wanted.first_on else None
    asked["last_on"] = wanted.last_on.isoformat() if wanted.last_on else None
    typed = {"subject": wanted.subject, "actor": wanted.actor}
    personal = {name: words for name, words in typed.items() if words}
    subject = ("audit", principal.region)
    await record(
        session, principal, act, subject, at=at, region=principal.region, facts={**asked, **facts}, personal=personal
    )


def _cells(entry: EntryView) -> list[OutCell]:
    return [
        entry.position,
        entry.at.isoformat(),
        entry.actor_kind,
        str(entry.actor or ""),
        entry.act,
        entry.subject_kind,
        entry.subject,
        entry.region,
        msgspec.json.encode(entry.told).decode(),
        entry.digest,
        entry.leaf_text,
    ]
