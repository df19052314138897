"""Blueprints: what forms are made of, whether the bank can fill them, and putting one in force."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Controller, MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter, URLEncodedBody
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError, NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.web.forms import Form
from exam.web.policy import allow
from exam.web.problem import form_again, problem_of
from exam.web.request import done
from questionbank.blueprints.cells import Blueprint, PoolItem
from questionbank.blueprints.coverage import CellCover, cover_cells
from questionbank.blueprints.editing import TypedBlueprint, blueprint_from, ids_in, typed_from
from questionbank.blueprints.exporting import export_blueprint
from questionbank.blueprints.feasibility import find_obstacle
from questionbank.blueprints.models import BlueprintRow
from questionbank.blueprints.packages import typed_of, unsaid
from questionbank.blueprints.published import blueprint_of
from questionbank.blueprints.service import draft_blueprint, get_blueprint, list_blueprints, publish_blueprint
from questionbank.formats.reading import LeftOut
from questionbank.formats.write_qti_test import TEST_FORMATS
from questionbank.formats.writer import FORMATS
from questionbank.forms.controllers import file_of
from questionbank.forms.decks import BlueprintInfeasibleError
from questionbank.forms.errors import infeasible
from questionbank.forms.pilot import print_pilot
from questionbank.forms.quotas import ConstraintUnmetError
from questionbank.forms.trial import Trial, TrialReport, deal_trial
from questionbank.items.batches import get_batch, get_checked
from questionbank.items.editing import KINDS
from questionbank.items.listing import list_stems
from questionbank.items.pool import list_pool
from questionbank.pages import (
    MAKERS,
    WORDS,
    AnyRequest,
    all_qualifications,
    bank_roles,
    node_choices,
    title_of,
    writes_here,
)
from questionbank.schemas import BlueprintForm, PaperForm

LIST = "/bank/blueprints"
EDITOR, TRIAL = "questionbank/blueprint_edit.html", "questionbank/blueprint_trial.html"
Code = Annotated[str, QueryParameter(max_length=64)]
ItemIds = Annotated[str, QueryParameter(max_length=2_000)]
TestNumber = Annotated[int, QueryParameter(ge=1, le=1_000)]
TestFormat = Annotated[Literal["qti3", "qti22"], QueryParameter(name="format")]


class BlueprintsController(Controller):
    """组卷细目表."""

    path = LIST
    opt = allow(*MAKERS)

    @get()
    async def show(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
    ) -> Template:
        context = await _list_context(bank_session, runtime, principal)
        return Template("questionbank/blueprints.html", context={**context, "problem": None})

    @get("/new", opt=allow("author", "publisher"))
    async def write(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        qualification: FromQuery[Code] = "",
        batch: FromQuery[UUID | None] = None,
        test: FromQuery[TestNumber] = 1,
        enemies: FromQuery[ItemIds] = "",
    ) -> Template:
        if batch:
            typed, left_out = await _from_batch(bank_session, runtime, batch, test)
            context = {**await _editor(bank_session, typed), "left_out": left_out, "batch": batch}
            return Template(EDITOR, context={**context, "problem": None})
        if not qualification:
            context = {"qualifications": all_qualifications()}
            return Template("questionbank/blueprint_where.html", context=context)
        latest = next((row for row in await list_blueprints(bank_session) if row.qualification == qualification), None)
        typed = typed_from(blueprint_of(latest)) if latest else TypedBlueprint(qualification=qualification)
        if enemies:
            added = "\n".join(filter(None, (typed.enemies, " ".join(ids_in(enemies)))))
            typed = msgspec.structs.replace(typed, enemies=added)
        return Template(EDITOR, context={**await _editor(bank_session, typed), "problem": None})

    @get("/{blueprint_id:uuid}/export")
    async def export(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        blueprint_id: FromPath[UUID],
        fmt: FromQuery[TestFormat] = "qti3",
    ) -> Response[bytes]:
        """Give the blueprint as a QTI test over its items."""
        at, region = runtime.clock.now(), runtime.settings.root_region
        data = await export_blueprint(bank_session, principal, blueprint_id, fmt=fmt, region=region, at=at)
        headers = {"Content-Disposition": 'attachment; filename="test.zip"', "Cache-Control": "no-store"}
        return Response(data, media_type="application/zip", headers=headers)

    @post("/new", opt=allow("author", "publisher"), status_code=200)
    async def create(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        data: URLEncodedBody[BlueprintForm],
    ) -> Response[Any]:
        typed = TypedBlueprint.of(data)
        region, at = runtime.settings.root_region, runtime.clock.now()
        try:
            await draft_blueprint(bank_session, principal, blueprint_from(typed), region=region, at=at)
        except DomainError as error:
            return form_again(request, error, EDITOR, await _editor(bank_session, typed))
        return done(LIST, "细目表草稿已保存,等待另一人发布。")

    @post("/check", opt=allow("author", "publisher"), status_code=200)
    async def check(
        self, request: AnyRequest, bank_session: NamedDependency[AsyncSession], data: URLEncodedBody[BlueprintForm]
    ) -> Template:
        """Return the feasibility of what is typed, for the editor to show while it is typed.

        What is not yet a blueprint is an answer as well, and no failure: the page must not go on showing the one before.
        """
        fragment = "questionbank/feasibility.html"
        try:
            blueprint = blueprint_from(TypedBlueprint.of(data))
        except DomainError as error:
            problem = problem_of(error, request.app.state.catalogue)
            return Template(fragment, context={**WORDS, "cells": None, "problem": problem})
        pool = await list_pool(bank_session, blueprint.qualification)
        trial, obstacle = await asyncio.to_thread(_try_out, blueprint, pool)
        context = {**WORDS, "cells": cover_cells(blueprint, pool), "blueprint": blueprint, "problem": None}
        return Template(fragment, context={**context, "trial": trial, "obstacle": obstacle})

    @get("/{blueprint_id:uuid}/trial")
    async def try_out(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        blueprint_id: FromPath[UUID],
    ) -> Template:
        """Deal some forms that nobody keeps, and show what each would be like."""
        context = await _trial_context(bank_session, runtime, principal, blueprint_id)
        return Template(TRIAL, context={**context, "problem": None})

    @get("/{blueprint_id:uuid}/trial.json", media_type=MediaType.JSON)
    async def report(
        self, bank_session: NamedDependency[AsyncSession], blueprint_id: FromPath[UUID]
    ) -> Response[TrialReport]:
        """Deal some forms and return what each would be like, against the targets."""
        row = await get_blueprint(bank_session, blueprint_id)
        blueprint, pool = blueprint_of(row), await list_pool(bank_session, row.qualification)
        return Response(TrialReport.of(blueprint, await asyncio.to_thread(deal_trial, blueprint, pool)))

    @post("/{blueprint_id:uuid}/paper", opt=allow("publisher"), status_code=200)
    async def paper(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        blueprint_id: FromPath[UUID],
        data: URLEncodedBody[PaperForm],
    ) -> Response[Any]:
        """Return a form on paper with its key, for a pilot."""
        try:
            copy = await print_pilot(bank_session, runtime, principal, blueprint_id, reason=data.reason, kind=data.kind)
        except DomainError as error:
            context = await _trial_context(bank_session, runtime, principal, blueprint_id)
            return form_again(request, error, TRIAL, context)
        return file_of(copy)

    @post("/{blueprint_id:uuid}/publish", opt=allow("publisher"), status_code=200)
    async def publish(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        blueprint_id: FromPath[UUID],
        data: URLEncodedBody[Form],  # noqa: ARG002  # refuses unknown fields
    ) -> Response[Any]:
        region, at = runtime.settings.root_region, runtime.clock.now()
        try:
            await publish_blueprint(bank_session, principal, blueprint_id, region=region, at=at)
        except DomainError as error:
            context = await _list_context(bank_session, runtime, principal)
            return form_again(request, error, "questionbank/blueprints.html", context)
        return done(LIST, "细目表已发布,此后的组卷按它进行。")


async def _from_batch(
    session: AsyncSession, runtime: Runtime, batch_id: UUID, test: int
) -> tuple[TypedBlueprint, tuple[LeftOut, ...]]:
    """Return the editor's fields for a test of an uploaded package; raises NotFoundError where it has none."""
    batch = await get_batch(session, batch_id)
    checked = await get_checked(runtime, batch)
    if test > len(checked.tests):
        raise NotFoundError(batch=str(batch_id), test=test)
    rows = {row.number: (row.content.interaction, row.node) for row in checked.rows if row.content}
    return typed_of(checked.tests[test - 1], rows, batch.qualification)


async def _editor(session: AsyncSession, typed: TypedBlueprint) -> dict[str, Any]:
    return {
        **WORDS,
        "left_out": (),
        "batch": None,
        "typed": typed,
        "title": title_of(typed.qualification),
        "nodes": await node_choices(session, typed.qualification),
        "interactions": KINDS,
        "stems": await list_stems(session, ids_in(typed.enemies)),
    }


async def _trial_context(
    session: AsyncSession, runtime: Runtime, principal: Principal, blueprint_id: UUID
) -> dict[str, Any]:
    row = await get_blueprint(session, blueprint_id)
    blueprint, pool = blueprint_of(row), await list_pool(session, row.qualification)
    trial, obstacle = await asyncio.to_thread(_try_out, blueprint, pool)
    return {
        **WORDS,
        "row": row,
        "blueprint": blueprint,
        "title": title_of(row.qualification),
        "trial": trial,
        "obstacle": obstacle,
        "may_print": "publisher" in bank_roles(principal) and writes_here(principal, runtime.settings.root_region),
    }


async def _list_context(session: AsyncSession, runtime: Runtime, principal: Principal) -> dict[str, Any]:
    rows = await list_blueprints(session)
    current = [row for row in rows if row.state != "retired"]
    return {
        **WORDS,
        "blueprints": await _with_cells(session, current),
        "retired": [row for row in rows if row.state == "retired"],
        "roles": bank_roles(principal),
        "account": principal.account,
        "may_write": writes_here(principal, runtime.settings.root_region),
        "title_of": title_of,
        "test_formats": {name: FORMATS[name].title for name in TEST_FORMATS},
        "unsaid": unsaid,
    }


async def _with_cells(
    session: AsyncSession, rows: Sequence[BlueprintRow]
) -> list[tuple[BlueprintRow, Blueprint, tuple[CellCover, ...], BlueprintInfeasibleError | None]]:
    """Return each blueprint with the cover of its cells and what stands in the way of a form."""
    pools = {code: await list_pool(session, code) for code in {row.qualification for row in rows}}
    told = []
    for row in rows:
        blueprint, pool = blueprint_of(row), pools[row.qualification]
        obstacle = await asyncio.to_thread(find_obstacle, blueprint, pool)
        told.append((row, blueprint, cover_cells(blueprint, pool), infeasible(obstacle) if obstacle else None))
    return told


def _try_out(blueprint: Blueprint, pool: Sequence[PoolItem]) -> tuple[Trial | None, DomainError | None]:
    try:
        return deal_trial(blueprint, pool), None
    except (BlueprintInfeasibleError, ConstraintUnmetError) as error:
        return None, error
