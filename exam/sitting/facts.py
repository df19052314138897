"""Facts about persons: pushed down by the packages above, read over all regions for one decision."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.sitting.eligibility import Ban, MissingHours, Passed, PersonFacts, Standing, Used
from exam.sitting.models import AttemptFact, BanFact, BanLift, PassFact, PassWithdrawal
from exam.sitting.views import BanTerm, PassView
from exam.training.api import TrainingKind, cover_programme, list_hours, trained_at

_PASSES = text("select part, passed_on, valid_until, result_id, recorded_at from sitting_passes_of(:person, :wanted)")
_ATTEMPTS = text("select part, used_at from sitting_attempts_of(:person, :wanted)")
_BANS = text("select until_on, basis, ground from sitting_bans_of(:person, :wanted)")
_STANDING = text("select sitting_id, starts_at from sitting_standing_of(:person, :wanted)")


async def gather_facts(
    session: AsyncSession, person_id: UUID, qualification: str, *, birth_on: date, on: date
) -> PersonFacts:
    """Return what every region together knows of a person for a qualification on a Shanghai date."""
    asked = {"person": person_id, "wanted": qualification}
    hours = await list_hours(session, person_id, qualification)
    covered = await cover_programme(session, person_id, qualification, TrainingKind.INITIAL, on=on)
    passes = await list_passes(session, person_id, qualification)
    return PersonFacts(
        birth_on=birth_on,
        passes=tuple(Passed(view.part, view.passed_on, view.valid_until) for view in passes),
        attempts=tuple(Used(*row) for row in await session.execute(_ATTEMPTS, asked)),
        bans=tuple(Ban(*row) for row in await session.execute(_BANS, asked)),
        standing=tuple(Standing(*row) for row in await session.execute(_STANDING, asked)),
        hours=covered.hours,
        gaps=tuple(
            MissingHours(code=gap.code, title=gap.title, practice=gap.part == "practice", hours=gap.hours)
            for gap in covered.gaps
        ),
        trained_at=tuple(trained_at(hours)),
    )


async def list_passes(session: AsyncSession, person_id: UUID, qualification: str) -> list[PassView]:
    """Return the parts passed and not withdrawn since, over all regions, oldest first."""
    rows = await session.execute(_PASSES, {"person": person_id, "wanted": qualification})
    return [
        PassView(part=part, passed_on=passed_on, valid_until=until, result_id=result_id, recorded_at=at)
        for part, passed_on, until, result_id, at in rows
    ]


async def list_bans(session: AsyncSession, person_id: UUID, qualification: str) -> list[Ban]:
    """Return the bans that touch a qualification, over all regions, past ones included."""
    return [Ban(*row) for row in await session.execute(_BANS, {"person": person_id, "wanted": qualification})]


async def find_bans(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, BanTerm]:
    """Return until when bans of the scope stand, by their ids."""
    query = (
        select(BanFact.id, BanFact.until_on, BanLift.lifted_at).join(BanLift, isouter=True).where(BanFact.id.in_(ids))
    )
    return {
        row.id: BanTerm(until_on=row.until_on, lifted_on=local_date(row.lifted_at) if row.lifted_at else None)
        for row in await session.execute(query)
    }


async def record_pass(
    session: AsyncSession,
    *,
    person_id: UUID,
    qualification: str,
    part: str,
    passed_on: date,
    valid_until: date,
    result_id: UUID,
    region: str,
    at: datetime,
) -> None:
    """Note a pass once per result; the release of the result is the audited act."""
    await session.execute(
        insert(PassFact)
        .values(
            id=new_id(),
            person_id=person_id,
            qualification=qualification,
            part=part,
            passed_on=passed_on,
            valid_until=valid_until,
            result_id=result_id,
            region=region,
            recorded_at=at,
        )
        .on_conflict_do_nothing(index_elements=["result_id"]),
    )


async def withdraw_pass(session: AsyncSession, result_ids: Sequence[UUID], *, corrected_by: UUID, at: datetime) -> None:
    """Take back the passes that rest on versions of one result, once each; the correction is the audited act."""
    for row in await session.scalars(select(PassFact).where(PassFact.result_id.in_(result_ids))):
        await session.execute(
            insert(PassWithdrawal)
            .values(
                id=new_id(),
                result_id=row.result_id,
                corrected_by=corrected_by,
                person_id=row.person_id,
                region=row.region,
                recorded_at=at,
            )
            .on_conflict_do_nothing(index_elements=["result_id"]),
        )


async def record_attempt_used(
    session: AsyncSession,
    *,
    person_id: UUID,
    qualification: str,
    part: str,
    attempt_id: UUID,
    region: str,
    at: datetime,
) -> None:
    """Note once per attempt and part that it counts against the limit."""
    await session.execute(
        insert(AttemptFact)
        .values(
            id=new_id(),
            person_id=person_id,
            qualification=qualification,
            part=part,
            attempt_id=attempt_id,
            region=region,
            used_at=at,
        )
        .on_conflict_do_nothing(index_elements=["attempt_id", "part"]),
    )


async def record_ban(
    session: AsyncSession,
    principal: Principal,
    *,
    person_id: UUID,
    qualification: str | None,
    until_on: date,
    reason: str,
    basis: str,
    region: str,
    at: datetime,
    ground: str = "",
) -> UUID:
    """Note until when a person may not apply, for one qualification or for all, why and by which article."""
    row = BanFact(
        person_id=person_id,
        qualification=qualification,
        until_on=until_on,
        reason=reason,
        ground=ground,
        basis=basis,
        region=region,
        recorded_by=principal.account,
        recorded_at=at,
    )
    session.add(row)
    await session.flush()
    facts = {"qualification": qualification, "until": until_on.isoformat(), "basis": basis, "ground": ground}
    await record(session, principal, "ban.recorded", ("person", person_id), at=at, region=region, facts=facts)
    return row.id


async def lift_ban(session: AsyncSession, principal: Principal, ban_id: UUID, *, reason: str, at: datetime) -> None:
    """Let a bar count for nothing from now on, because what it rested on has been undone."""
    ban = await session.get_one(BanFact, ban_id)
    lift = BanLift(
        ban_id=ban_id,
        person_id=ban.person_id,
        region=ban.region,
        reason=reason,
        lifted_by=principal.account,
        lifted_at=at,
    )
    session.add(lift)
    await session.flush()
    facts = {"until": ban.until_on.isoformat(), "reason": reason}
    await record(session, principal, "ban.lifted", ("person", ban.person_id), at=at, region=ban.region, facts=facts)
