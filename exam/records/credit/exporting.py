"""Gathering what is published: permits from certificates issued, penalties from records that are published today."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.identity.api import OrganisationView, get_organisation, list_people
from exam.records.credit.errors import ExportTooLongError
from exam.records.credit.models import CreditRecord, Decision
from exam.records.credit.publicity import ORGANISATION, PERSON, Fault, Kind, Row, check, show_amount
from exam.records.credit.register import Publicity, RecordView, record_view
from exam.records.names import title_of
from exam.standards.api import Category

MOST = 5000
CERTIFICATES = {
    Category.SPECIAL: "特种作业操作证",
    Category.PRINCIPAL: "安全生产知识和管理能力考核合格证",
    Category.OFFICER: "安全生产知识和管理能力考核合格证",
}
_VALID, _INVALID = "1", "2"


class Export(msgspec.Struct, frozen=True):
    """What is written, what is left out and why, and the records that are read by it."""

    rows: list[Row]
    faults: list[Fault]
    left_out: int
    records: list[RecordView]


async def gather(session: AsyncSession, kind: Kind, *, since: date, until: date, today: date) -> Export:
    """Return the scope's rows decided from one Shanghai date through another; raises ExportTooLongError."""
    if kind == "permit":
        found, records = await _permits(session, since, until), list[RecordView]()
    else:
        records = await _published(session, since, until, today)
        found = await _penalties(session, records)
    faults = [check(kind, row) for row in found]
    return Export(
        rows=[row for row, wrong in zip(found, faults, strict=True) if not wrong],
        left_out=sum(bool(wrong) for wrong in faults),
        faults=[fault for wrong in faults for fault in wrong],
        records=records,
    )


async def _published(session: AsyncSession, since: date, until: date, today: date) -> list[RecordView]:
    """Return penalties that may be shown today: what is repaired, withdrawn or over is shared no more."""
    query = select(CreditRecord).where(
        CreditRecord.kind == "penalty", CreditRecord.decided_on >= since, CreditRecord.decided_on <= until
    )
    rows = await session.scalars(query.order_by(CreditRecord.decided_on, CreditRecord.id).limit(MOST + 1))
    views = [record_view(row) for row in rows]
    _require_few(len(views))
    return [view for view in views if view.publicity(today) is Publicity.PUBLISHED]


async def _penalties(session: AsyncSession, records: list[RecordView]) -> list[Row]:
    wanted = [each.decision_id for each in records]
    decisions = {row.id: row for row in await session.scalars(select(Decision).where(Decision.id.in_(wanted)))}
    bodies = await _organisations(session, (each.organisation_id for each in records))
    people = await list_people(session, [each.person_id for each in records if each.person_id])
    rows: list[Row] = []
    for each in records:
        decision = decisions[each.decision_id] if each.decision_id else None
        if decision is None:
            continue
        body = bodies.get(each.organisation_id) if each.organisation_id else None
        person = people.get(each.person_id) if each.person_id else None
        party = _party(body) if body else _person(person.name, person.id_masked) if person else {}
        rows.append(party | _decided(decision, each))
    return rows


def _decided(decision: Decision, record: RecordView) -> dict[str, str]:
    same = ("document_no", "conduct", "facts", "basis", "kinds", "content", "licence", "authority", "authority_code")
    return {
        **{name: getattr(decision, name) for name in same},
        "fine": show_amount(decision.fine),
        "forfeited": show_amount(decision.forfeited),
        "decided_on": decision.decided_on.isoformat(),
        "publish_until_on": record.publish_until_on.isoformat() if record.publish_until_on else "",
        "source": decision.authority,
        "source_code": decision.authority_code,
    }


_PERMITS = text(
    "select id, person_id, qualification, category, status, number_masked, issued_on, valid_from_on, valid_until_on,"
    " issuer_id, issuer_name from records_v_permit where ankao_in_region(region)"
    " and issued_on between :since and :until"
    " order by issued_on, id limit :limit"
)


async def _permits(session: AsyncSession, since: date, until: date) -> list[Row]:
    found = (await session.execute(_PERMITS, {"since": since, "until": until, "limit": MOST + 1})).all()
    _require_few(len(found))
    people = await list_people(session, [row.person_id for row in found])
    issuers = await _organisations(session, (row.issuer_id for row in found))
    rows: list[Row] = []
    for row in found:
        person, issuer = people.get(row.person_id), issuers.get(row.issuer_id)
        code = (issuer.uscc or "") if issuer else ""
        title = CERTIFICATES[Category(row.category)]
        granted = {
            "document_title": title,
            "document_no": row.number_masked,
            "permit_kind": "认可",
            "certificate_title": title,
            "permit_number": row.number_masked,
            "content": title_of(row.qualification),
            "decided_on": row.issued_on.isoformat(),
            "valid_from_on": row.valid_from_on.isoformat(),
            "valid_until_on": row.valid_until_on.isoformat(),
            "state": _VALID if row.status == "issued" else _INVALID,
            "authority": row.issuer_name,
            "authority_code": code,
            "source": row.issuer_name,
            "source_code": code,
        }
        rows.append((_person(person.name, person.id_masked) if person else {}) | granted)
    return rows


def _party(body: OrganisationView) -> dict[str, str]:
    return {"party_name": body.name, "party_kind": ORGANISATION, "party_code_1": body.uscc or ""}


def _person(name: str, id_masked: str) -> dict[str, str]:
    """Return a natural person: named, as the standard asks, and with the number masked, as it asks too."""
    return {"party_name": name, "party_kind": PERSON, "paper_kind": "身份证", "paper_number": id_masked}


async def _organisations(session: AsyncSession, ids: Iterable[UUID | None]) -> dict[UUID, OrganisationView]:
    return {each: await get_organisation(session, each) for each in {*ids} if each is not None}


def _require_few(count: int) -> None:
    if count > MOST:
        raise ExportTooLongError(most=MOST)
