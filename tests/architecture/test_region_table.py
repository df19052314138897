"""Who sees what where: every route × every role × every place a caller may stand to, against a checked-in table.

Nothing is rendered. The answer is made of the three that make it in the product: the one guard, the scope of the route's
transaction and the database's own rows in that scope, asked without any filter.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from exam.core.config import Settings
from exam.core.db.scope import NOTHING, Scope
from exam.core.errors import DomainError, ForbiddenError
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.identity.account_views import get_account
from exam.identity.administration import require_visible
from exam.identity.roles import NEEDS_ORGANISATION, Role
from exam.web.dependencies import scope_of
from exam.web.policy import KEY, RoutePolicy, enforce, policy_table
from tests.builders.places import DELETED, IDS, OWN, REGIONS, Places
from tests.builders.web import application

GOLDEN = Path(__file__).parent / "region_table.txt"
UPDATE = "ANKAO_UPDATE_GOLDEN"
PARAMETER = re.compile(r"\{(\w+):uuid\}")
ACCOUNT = "identity_account"
ANYTHING = "identity_engagement"
"""What stands for the rows of a page that names none: it has a region, a body and a person."""
OBJECTS = {
    "account_id": ACCOUNT,
    "answer_id": "training_practice_answer",
    "appeal_id": "grading_appeal",
    "application_id": "certs_application",
    "arrival_id": "records_node_arrival",
    "attempt_id": "delivery_attempt",
    "batch_id": "questionbank_import",
    "blueprint_id": "questionbank_blueprint",
    "camera_id": "proctor_camera",
    "claim_id": "training_hours_claim",
    "class_id": "training_class",
    "clue_id": "records_credit_clue",
    "completion_id": "training_completion",
    "correction_id": "training_correction",
    "credential_id": "certs_credential",
    "engagement_id": "identity_engagement",
    "enrolment_id": "training_enrolment",
    "entry_id": "core_audit_entry",
    "grant_id": ACCOUNT,
    "hold_id": "proctor_legal_hold",
    "incident_id": "proctor_incident",
    "item_id": "questionbank_item",
    "lesson_id": "training_lesson",
    "material_id": "training_material",
    "message_id": "records_exchange_message",
    "mock_id": "training_mock",
    "neighbour_id": "records_exchange_neighbour",
    "organisation_id": "identity_organisation",
    "programme_id": "training_programme",
    "record_id": "records_credit_record",
    "registration_id": "sitting_registration",
    "regrade_id": "grading_regrade",
    "report_id": "reports_report",
    "sealed_id": "records_node_batch",
    "request_id": "records_credit_request",
    "result_id": "grading_result",
    "room_id": "sitting_room",
    "segment_id": "proctor_segment",
    "session_id": "training_session",
    "sheet_id": "grading_practical_sheet",
    "sitting_id": "sitting_sitting",
    "suspicion_id": "questionbank_item_suspicion",
    "syllabus_id": "questionbank_syllabus",
    "terminal_id": "delivery_terminal",
    "token_id": "records_exchange_token",
    "visit_id": "training_visit",
    "withdrawal_id": "questionbank_withdrawal",
    "withheld_id": "certs_withheld",
}
"""Parameter of a path → the table of what it names; a new parameter wants a line here."""
NATIONAL = ("questionbank_blueprint", "questionbank_syllabus", "training_programme")
"""What belongs to no region: every office reads the same rows."""


@pytest.fixture
def places(settings: Settings) -> Iterator[Places]:
    settled = Places(settings, (ACCOUNT, "identity_role_grant", *NATIONAL))
    yield settled
    settled.close()


@pytest.fixture
async def accounts(runtime: Runtime, places: Places) -> tuple[str, ...]:
    """Return the places whose account the security administrator is shown: accounts are kept apart by their service."""
    del places
    shown = []
    for place, account_id in IDS.items():
        async with runtime.databases.session(NOTHING) as session:
            try:
                await require_visible(session, _standing(Role.SECURITY_ADMIN), account_id)
                await get_account(session, account_id)
            except DomainError:
                continue
        shown.append(place)
    return tuple(shown)


def _standing(role: Role) -> Principal:
    body = IDS[OWN] if role in NEEDS_ORGANISATION else None
    grant = Grant(role=role, region=REGIONS[OWN], organisation=body)
    return Principal(account=UUID(int=1), person=IDS[OWN], grants=(grant,), second_factor=True)


async def _passes(row: RoutePolicy, principal: Principal) -> bool:
    """Ask the one guard of the application."""
    connection = SimpleNamespace(scope={"method": row.method, "user": principal})
    try:
        await enforce(cast("Any", connection), cast("Any", SimpleNamespace(opt={KEY: row.policy})))
    except ForbiddenError:
        return False
    return True


class _Table:
    """Lines of the table, made from the routes."""

    def __init__(self, places: Places, accounts: tuple[str, ...]) -> None:
        self._places = places
        self._accounts = accounts

    async def lines(self, rows: list[RoutePolicy]) -> list[str]:
        return [
            f"{row.method:<5} {row.path:<78} {role:<14} {' '.join(self._shown(row, _standing(role))) or 'nothing'}"
            for row in rows
            for role in sorted(Role)
            if await _passes(row, _standing(role))
        ]

    def _shown(self, row: RoutePolicy, principal: Principal) -> list[str]:
        scope = scope_of(principal, row.policy.roles)
        names = PARAMETER.findall(row.path)
        tables = {OBJECTS[name] for name in names} or {ANYTHING}
        seen = [set(self._accounts if table == ACCOUNT else self._places.shown(scope, table)) for table in tables]
        return [place for place in REGIONS if all(place in one for one in seen)]


async def test_every_route_role_and_place_is_as_agreed(
    runtime: Runtime, places: Places, accounts: tuple[str, ...]
) -> None:
    with application(runtime) as app:
        rows = [row for row in policy_table(app) if row.policy.kind == "roles"]
    table = "\n".join(await _Table(places, accounts).lines(rows)) + "\n"
    if os.environ.get(UPDATE):
        GOLDEN.write_text(table, encoding="utf-8")
    assert table == GOLDEN.read_text(encoding="utf-8"), f"run with {UPDATE}=1 after reading the difference"
    assert DELETED not in table


SCOPES = {
    "region": (Scope(region=REGIONS[OWN]), {"own", "other", "child"}),
    "organisation": (Scope(organisation=IDS[OWN]), {"own"}),
    "person": (Scope(person=IDS[OWN]), {"own"}),
    "nothing": (NOTHING, set[str]()),
}
FROM_ABOVE = re.compile(r"questionbank_(item|item_comment|item_event|item_version|withdrawal)")
"""What the bank of an office above serves downward: a city draws from the province's items."""


def test_a_query_without_the_filter_sees_its_own_scope_alone(places: Places) -> None:
    beyond = {
        (kind, table): shown
        for kind, (scope, allowed) in SCOPES.items()
        for table in places.guarded
        if (shown := set(places.shown(scope, table)) - allowed - _from_above(table))
    }
    assert beyond == {}
    scope, within = SCOPES["region"]
    assert [table for table in places.guarded if not within.issubset(places.shown(scope, table))] == []


def _from_above(table: str) -> set[str]:
    return {"parent"} if FROM_ABOVE.fullmatch(table) else set()
