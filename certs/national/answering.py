"""What strangers are told of national certificates: whose they are, and that this system holds a record alone."""

from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from certs.answers import CredentialAnswer, LogNote, Verdict
from certs.national.service import NationalState
from exam.standards.api import get_qualification

_BY_QUERY = text("select * from certs_public_national(:wanted)")


async def find_recorded(session: AsyncSession, wanted: list[bytes], *, on: date) -> list[CredentialAnswer]:
    """Return the records under the indexes of a number and a name, as they stand on a Shanghai date."""
    return [_answer(row, on) for row in await session.execute(_BY_QUERY, {"wanted": wanted})]


def _answer(row: Row[Any], on: date) -> CredentialAnswer:
    last = min(row.valid_until_on, row.review_on or row.valid_until_on)
    status = Verdict.EXPIRED if last < on else Verdict.NOT_YET if row.valid_from_on > on else Verdict.RECORDED
    qualification = get_qualification(row.qualification)
    return CredentialAnswer(
        status=status,
        holder_masked=row.holder_masked,
        number_masked=row.number_masked,
        qualification=row.qualification,
        title=qualification.title,
        category=qualification.category.label,
        issued_on=row.issued_on,
        valid_from=row.valid_from_on,
        valid_until=row.valid_until_on,
        review_due_on=row.review_on,
        issuer=row.issuer,
        rule_set="",
        version=None,
        log=LogNote(),
        origin="national",
        checked=row.state == NationalState.CONFIRMED,
    )
