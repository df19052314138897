"""Listing enterprises: found by words, narrowed by what the base knows, those with the most uncovered posts first."""

from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.records.covering import find_stale_regions
from exam.records.enterprises.schemas import Covered, Standing, YesNo


class EnterpriseLine(msgspec.Struct, frozen=True, kw_only=True):
    """One enterprise with the counts of its roster; `expiring` counts posts whose last credential ends in 90 days."""

    id: UUID
    name: str
    uscc: str | None
    region: str
    industry: str | None
    division: str | None
    size: str | None
    high_risk: bool
    in_charge: str | None
    safety_head: str | None
    address: str | None
    contact: str | None
    deregistered_on: date | None
    wanted: int
    valid: int
    expiring: int

    @property
    def missing(self) -> int:
        return self.wanted - self.valid


class EnterpriseFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which enterprises are asked for; `division` is a section or a division of GB/T 4754."""

    words: str = ""
    industry: str = ""
    division: str = ""
    size: str = ""
    high_risk: YesNo = ""
    covered: Covered = ""
    standing: Standing = "standing"

    @property
    def narrowed(self) -> bool:
        return self != EnterpriseFilter()

    @property
    def beyond_words(self) -> bool:
        """Whether more is asked than words: the other conditions are folded away otherwise."""
        return msgspec.structs.replace(self, words="") != EnterpriseFilter()

    @property
    def conditions(self) -> list[str]:
        """The conditions in SQL on the enterprise `e` and its coverage `c`; they take `values`."""
        asked = {
            "(e.name ilike :words or e.uscc = :code)": self.words,
            "e.industry = :industry": self.industry,
            "starts_with(e.division, :division)": self.division,
            "e.size = :size": self.size,
            f"e.high_risk = {self.high_risk == 'yes'}": self.high_risk,
            _COVERED.get(self.covered, ""): self.covered,
        }
        return [condition for condition, value in asked.items() if value]

    @property
    def values(self) -> dict[str, object]:
        plain = self.words.strip()
        escaped = plain.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return {
            "words": f"%{escaped}%",
            "code": plain.upper(),
            "industry": self.industry,
            "division": self.division,
            "size": self.size,
        }


EVERY = EnterpriseFilter()
_COVERED = {
    "missing": "c.wanted > c.valid",
    "ending": "c.expiring > 0",
    "full": "c.wanted > 0 and c.wanted = c.valid",
    "nobody": "c.wanted = 0",
}
_TOLD = (
    "e.id, e.name, e.uscc, e.region, e.industry, e.division, e.size, e.high_risk, e.in_charge, e.safety_head,"
    " e.address, e.contact, e.deregistered_on, c.wanted, c.valid, c.expiring"
)
_ORDER = "order by c.wanted - c.valid desc, e.id limit :few"
_KEPT = "records_coverage c join identity_organisation e on e.id = c.organisation_id"
_COUNTED = "records_enterprises_on(:today) c join identity_organisation e on e.id = c.id"
_GONE = (
    "identity_organisation e cross join (select 0 as wanted, 0 as valid, 0 as expiring) c"
    " where ankao_in_region(e.region) and e.kind = 'enterprise' and e.deregistered_on <= :today"
)


async def list_enterprises(
    session: AsyncSession, *, on: date, limit: int, offset: int = 0, asked: EnterpriseFilter = EVERY
) -> list[EnterpriseLine]:
    """Page the scope's enterprises, those with the most posts without a usable credential first."""
    stale = await find_stale_regions(session, on)
    values = {**asked.values, "today": on, "stale": stale, "few": offset + limit, "limit": limit, "offset": offset}
    rows = await session.execute(_query(asked, stale), values)
    return [EnterpriseLine(**row) for row in rows.mappings()]


def _query(asked: EnterpriseFilter, stale: list[str] | None) -> TextClause:
    """Take what is kept in its order, and count the rest: an order over both would sort every enterprise there is."""
    only = "".join(f" and {condition}" for condition in asked.conditions)
    if asked.standing == "gone":
        parts = [f"select {_TOLD} from {_GONE}{only} {_ORDER}"]
    elif stale is None:
        parts = [f"select {_TOLD} from {_COUNTED} where ankao_in_region(e.region){only} {_ORDER}"]
    else:
        parts = [
            f"select {_TOLD} from {_KEPT} where ankao_in_region(c.region) and c.region <> all(cast(:stale as text[])){only} {_ORDER}",
            f"select {_TOLD} from {_COUNTED} where c.region = any(cast(:stale as text[])){only} {_ORDER}",
        ]
    either = " union all ".join(f"({part})" for part in parts[: 2 if stale else 1])
    return text(f"select * from ({either}) each order by wanted - valid desc, id limit :limit offset :offset")
