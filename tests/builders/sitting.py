"""Centres, sittings, people and logged-in staff for tests."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from io import BytesIO
from uuid import UUID

import msgspec
from litestar import Litestar
from litestar.testing import AsyncTestClient
from PIL import Image

from exam.core.db.scope import NOTHING, Scope
from exam.core.ids import new_id
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.identity.api import create_organisation
from exam.identity.identifiers import id_check_digit, uscc_check
from exam.identity.models import Account, RoleGrant
from exam.identity.sessions import COOKIE, open_session
from exam.sitting.api import RegistrationView, create_plan, create_sitting, register
from exam.sitting.forms import run_prepare_forms
from questionbank.blueprints.cells import Cell
from questionbank.items.content import Interaction
from tests.builders.figures import figured_draft
from tests.builders.questionbank import PLAIN, publish_bank, small_blueprint, some_drafts

COUNTY = "33/3301/330106"
ELECTRICIAN = "special.1.2"


def id_number(number: int, *, born_on: date = date(1980, 5, 1), area: str = "330106") -> str:
    """Return a valid ID number; `number` 0 … 999 tells people of one birthday apart."""
    digits = f"{area}{born_on:%Y%m%d}{number:03d}"
    return digits + id_check_digit(digits)


def uscc(number: int) -> str:
    """Return a valid unified code."""
    body = f"91330106MA{number:07d}"
    return body + uscc_check(body)


def portrait(size: tuple[int, int] = (480, 640), kind: str = "JPEG") -> bytes:
    """Return a plain picture."""
    out = BytesIO()
    Image.new("RGB", size, (90, 120, 150)).save(out, kind)
    return out.getvalue()


class Centre(msgspec.Struct, frozen=True, kw_only=True):
    """An exam centre and the clerk who works there."""

    id: UUID
    region: str
    clerk: Principal

    @property
    def scope(self) -> Scope:
        return Scope(region=self.region)


async def make_centre(runtime: Runtime, *, region: str = COUNTY, name: str = "第一考点") -> Centre:
    """Store a centre; its clerk has no account row, which service tests do not need."""
    centre_id, account = new_id(), new_id()
    clerk = Principal(account=account, name="经办人", grants=(Grant("centre", region),), second_factor=True)
    async with runtime.databases.transaction(Scope(region=region)) as session:
        centre_id = await create_organisation(
            session, clerk, kind="centre", name=name, region=region, address="文三路 1 号", at=runtime.clock.now()
        )
    clerk = msgspec.structs.replace(clerk, grants=(Grant("centre", region, centre_id),))
    return Centre(id=centre_id, region=region, clerk=clerk)


async def make_bank(runtime: Runtime, *, qualification: str = ELECTRICIAN, in_words: bool = False) -> None:
    """Publish a small bank and blueprint, so that sittings can be made; `in_words` adds a question of 10 marks."""
    kinds = (*PLAIN, Interaction.EXTENDED_TEXT) if in_words else PLAIN
    blueprint = small_blueprint(qualification)
    if in_words:
        cell = Cell(interaction=Interaction.EXTENDED_TEXT, count=1, marks=1000)
        blueprint = msgspec.structs.replace(blueprint, cells=(*blueprint.cells, cell))
    drafts = [figured_draft(each) for each in some_drafts(each=6, kinds=kinds)]
    await publish_bank(runtime, qualification=qualification, drafts=drafts, blueprint=blueprint)


async def make_sitting(
    runtime: Runtime,
    centre: Centre,
    *,
    rooms: Sequence[tuple[str, int]] = (("一号机房", 3), ("二号机房", 2)),
    qualification: str = ELECTRICIAN,
    starts_in: timedelta = timedelta(hours=2),
) -> UUID:
    """Store a planned sitting of a bank that exists; candidates may start for half an hour."""
    now = runtime.clock.now()
    async with runtime.databases.transaction(centre.scope) as session:
        plan_id = await create_plan(session, centre.clerk, title="2026 年第 4 期", region=centre.region, at=now)
        return await create_sitting(
            session,
            centre.clerk,
            runtime,
            plan_id=plan_id,
            qualification=qualification,
            centre_id=centre.id,
            region=centre.region,
            starts_at=now + starts_in,
            ends_at=now + starts_in + timedelta(minutes=30),
            rooms=list(rooms),
            at=now,
        )


async def make_registration(
    runtime: Runtime,
    centre: Centre,
    sitting_id: UUID,
    *,
    number: int,
    name: str = "张三",
    photo: bytes | None = None,
    uscc: str | None = None,
) -> RegistrationView:
    """Register the person of an ID number."""
    async with runtime.databases.transaction(centre.scope) as session:
        return await register(
            session,
            centre.clerk,
            runtime,
            sitting_id=sitting_id,
            name=name,
            id_number=id_number(number),
            photo=photo,
            uscc=uscc,
            at=runtime.clock.now(),
        )


async def prepare(runtime: Runtime, sitting_id: UUID) -> None:
    """Run the job that makes the forms."""
    await run_prepare_forms(runtime, sitting_id=str(sitting_id))


async def make_staff(
    runtime: Runtime, *, role: str = "centre", region: str = COUNTY, organisation: UUID | None = None
) -> tuple[UUID, str]:
    """Store an account with one role and return its id and the token of a session past its second factor."""
    at = runtime.clock.now()
    async with runtime.databases.transaction(NOTHING) as session:
        account = _account(new_id(), at)
        session.add(account)
        await session.flush()
        session.add(
            RoleGrant(
                account_id=account.id,
                role=role,
                region=region,
                organisation_id=organisation,
                granted_by=None,
                granted_at=at,
            ),
        )
        token = await open_session(session, account.id, at=at, settings=runtime.settings, second_factor=True)
    return account.id, token


def _account(account_id: UUID, at: datetime) -> Account:
    return Account(
        id=account_id,
        login=f"u{account_id.hex[-12:]}",
        name="经办人",
        password_hash="-",
        enabled=True,
        failures=0,
        must_change_password=False,
        created_at=at,
    )


async def log_in(client: AsyncTestClient[Litestar], token: str) -> None:
    """Carry the session's cookie and answer every CSRF check from now on."""
    client.cookies.set(COOKIE, token)
    await client.get("/health/live")
    client.headers["x-csrftoken"] = client.cookies["csrftoken"]
