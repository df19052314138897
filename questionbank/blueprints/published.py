"""The published blueprint of a qualification, as sitting and delivery may know it: sums and no items."""

from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from questionbank.blueprints.cells import Blueprint
from questionbank.blueprints.models import BlueprintRow
from questionbank.forms.errors import NoPublishedBlueprintError


class BlueprintView(msgspec.Struct, frozen=True, kw_only=True):
    """What a form of this blueprint amounts to; marks in hundredths, `slots` the number of items."""

    id: UUID
    qualification: str
    version: int
    title: str
    duration_s: int
    pass_marks: int
    total_marks: int
    slots: int


def blueprint_of(row: BlueprintRow) -> Blueprint:
    """Return the stored blueprint."""
    return msgspec.convert(row.content, Blueprint)


async def find_published_row(session: AsyncSession, qualification: str) -> BlueprintRow | None:
    """Return the row of the blueprint in force."""
    row: BlueprintRow | None = await session.scalar(
        select(BlueprintRow).where(BlueprintRow.qualification == qualification, BlueprintRow.state == "published"),
    )
    return row


async def get_published_blueprint(session: AsyncSession, qualification: str) -> BlueprintView:
    """Return the blueprint in force; raises NoPublishedBlueprintError. Any role but the public one may ask."""
    row = await find_published_row(session, qualification)
    if row is None:
        raise NoPublishedBlueprintError(qualification=qualification)
    blueprint = blueprint_of(row)
    return BlueprintView(
        id=row.id,
        qualification=row.qualification,
        version=row.version,
        title=row.title,
        duration_s=blueprint.duration_min * 60,
        pass_marks=blueprint.pass_marks,
        total_marks=blueprint.total_marks,
        slots=blueprint.item_count,
    )
