"""Building the demo province through the same services as everybody's; what is there already stays."""

from pathlib import Path
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.cli.demonstration.accounts import COUNTY, PASSWORD, POSTS, PROVINCE, Post
from exam.cli.demonstration.national import bring_in_national
from exam.cli.simulation.people import Invented
from exam.cli.simulation.staff import LOGINS_FILE, Demo, DemoLogin
from exam.core.db.roles import Role as DatabaseRole
from exam.core.db.scope import Scope
from exam.core.principal import SYSTEM, Grant, Principal
from exam.core.runtime import Runtime
from exam.identity.api import (
    PasswordPool,
    Role,
    amend_organisation,
    create_account,
    create_organisation,
    enrol_second_factor,
    grant_role,
    seed_regions,
    uscc_check,
)
from exam.records.api import NodeStaff, admit_neighbour, register_neighbour, seed_batches
from exam.reports.api import ReportStaff, seed_reports
from exam.training.api import SCHOOL_QUALIFICATION, SchoolStaff, seed_school
from exam.web.policy import ONE_FACTOR_ROLES
from questionbank.api import (
    list_seed_banks,
    load_seed_bank,
    load_written_bank,
    release_seed_practice,
    seed_item_statistics,
)

CENTRE_NAME = "西湖区安全生产考试中心"
AUTHORITY_NAME = "西湖区应急管理局"
SCHOOL_NAME = "西湖区安全技能培训中心"
NEIGHBOURS = (
    ("企业安全生产基础数据库", "credential.changed", True),
    ("上级证照数据归集系统", "credential.exported", True),
    ("公共信用信息平台", "credit.changed", False),
)
"""Name, what it is told, and whether it has been let in."""
LOWER_NODE = "33/3302"
"""The region of a lower node that carries its batches here as files."""
LEARNERS_FILE = "demo-learners.json"
LEARNERS, LEARNERS_SEED = 4, 612
ENTERPRISES: tuple[tuple[str, str, dict[str, str | bool]], ...] = (
    (
        "演示机电安装有限公司",
        "general",
        {"division": "E49", "size": "medium", "address": "西湖区演示路 21 号", "contact": "0571-00000021"},
    ),
    (
        "演示化工贸易有限公司",
        "chemical-trade",
        {"division": "F51", "size": "small", "high_risk": True, "contact": "0571-00000022"},
    ),
    ("演示建材制造有限公司", "general", {"division": "C30", "size": "large", "contact": "0571-00000023"}),
)
"""Name, supervised industry and what else the base knows of each."""


async def build_province(runtime: Runtime) -> bool:
    """Build what is missing; return whether anything was built."""
    path = runtime.settings.data_dir / LOGINS_FILE
    if path.exists():
        return False
    async with runtime.databases.transaction(Scope(region=PROVINCE)) as session:
        await seed_regions(session)
        bodies = await _organisations(session, runtime)
        demo, accounts = await _accounts(session, runtime, bodies)
    await _banks(runtime, accounts, bodies)
    await _school(runtime, bodies, accounts)
    await seed_reports(
        runtime,
        ReportStaff(
            region=COUNTY,
            filler=accounts["regulator-county"],
            signer=accounts["regulator-county2"],
            above=accounts["regulator-city"],
        ),
    )
    await _neighbours(runtime, accounts)
    await seed_batches(
        runtime,
        NodeStaff(
            operator=accounts["sysadmin"],
            approver=accounts["secadmin"],
            regulator=accounts["regulator"],
            root_region=PROVINCE,
            lower_region=LOWER_NODE,
        ),
    )
    await bring_in_national(runtime, accounts["regulator-county"], accounts["regulator-county2"])
    _write(path, msgspec.json.encode(demo))
    return True


def enterprise_codes() -> list[str]:
    """Return the unified codes of the demo's enterprises."""
    return [_uscc(number) for number in range(len(ENTERPRISES))]


def _uscc(number: int) -> str:
    """Make a code with a right check character in a county code that is not assigned."""
    body = f"91330199MA0DEM{number:03d}"
    return body + uscc_check(body)


async def _organisations(session: AsyncSession, runtime: Runtime) -> dict[str, UUID]:
    at = runtime.clock.now()
    found = {
        "authority": await create_organisation(
            session, SYSTEM, kind="authority", name=AUTHORITY_NAME, region=COUNTY, at=at
        ),
        "centre": await create_organisation(
            session,
            SYSTEM,
            kind="centre",
            name=CENTRE_NAME,
            region=COUNTY,
            address="西湖区演示路 1 号",
            at=at,
        ),
        "training": await create_organisation(
            session,
            SYSTEM,
            kind="training",
            name=SCHOOL_NAME,
            region=COUNTY,
            address="西湖区演示路 8 号",
            at=at,
        ),
    }
    for number, (name, industry, base) in enumerate(ENTERPRISES):
        created = await create_organisation(
            session,
            SYSTEM,
            kind="enterprise",
            name=name,
            region=COUNTY,
            uscc=_uscc(number),
            industry=industry,
            at=at,
        )
        await amend_organisation(session, SYSTEM, created, base, at=at)
        found.setdefault("enterprise", created)
    return found


async def _accounts(
    session: AsyncSession,
    runtime: Runtime,
    bodies: dict[str, UUID],
) -> tuple[Demo, dict[str, Principal]]:
    passwords = PasswordPool(runtime.settings.hash_threads)
    logins, principals = [], {}
    for post in POSTS:
        account = await _account(session, runtime, passwords, post, bodies)
        secret = "" if post.role in ONE_FACTOR_ROLES else await enrol_second_factor(session, runtime.sealer, account)
        logins.append(
            DemoLogin(login=post.login, password=PASSWORD, role=post.role.value, name=post.name, totp=secret),
        )
        principals[post.login] = Principal(
            account=account,
            name=post.name,
            grants=(Grant(post.role.value, post.region, bodies.get(post.body)),),
            second_factor=True,
        )
    return Demo(logins=logins), principals


async def _account(
    session: AsyncSession,
    runtime: Runtime,
    passwords: PasswordPool,
    post: Post,
    bodies: dict[str, UUID],
) -> UUID:
    at = runtime.clock.now()
    account = await create_account(
        session,
        SYSTEM,
        passwords,
        login=post.login,
        name=post.name,
        password=PASSWORD,
        region=post.region,
        at=at,
    )
    await grant_role(
        session,
        SYSTEM,
        account,
        Role(post.role),
        region=post.region,
        at=at,
        organisation=bodies.get(post.body),
        reason="demo",
    )
    return account


async def _banks(runtime: Runtime, accounts: dict[str, Principal], bodies: dict[str, UUID]) -> None:
    for code in list_seed_banks():
        async with runtime.databases.transaction(Scope(region=PROVINCE), DatabaseRole.BANK) as session:
            await load_seed_bank(
                session,
                runtime,
                author=accounts["author"],
                reviewer=accounts["reviewer"],
                publisher=accounts["publisher"],
                code=code,
            )
    async with runtime.databases.transaction(Scope(region=PROVINCE), DatabaseRole.BANK) as session:
        makers = {role: accounts[role] for role in ("author", "reviewer", "publisher")}
        await load_written_bank(session, runtime, **makers)
        await release_seed_practice(session, runtime, accounts["publisher"], SCHOOL_QUALIFICATION)
        centres = [(bodies["centre"], CENTRE_NAME), (bodies["training"], SCHOOL_NAME)]
        at = runtime.clock.now()
        await seed_item_statistics(session, SCHOOL_QUALIFICATION, region=COUNTY, centres=centres, at=at)


async def _school(runtime: Runtime, bodies: dict[str, UUID], accounts: dict[str, Principal]) -> None:
    staff = SchoolStaff(
        body=bodies["training"],
        region=COUNTY,
        root_region=PROVINCE,
        clerk=accounts["trainer"],
        second_clerk=accounts["trainer2"],
        teacher=accounts["teacher"],
        regulator=accounts["regulator-county"],
        provincial=accounts["regulator"],
    )
    invented = Invented(LEARNERS_SEED)
    learners = await seed_school(runtime, staff, [invented.next() for _ in range(LEARNERS)])
    _write(runtime.settings.data_dir / LEARNERS_FILE, msgspec.json.encode(learners))


async def _neighbours(runtime: Runtime, accounts: dict[str, Principal]) -> None:
    async with runtime.databases.transaction(Scope(region=PROVINCE)) as session:
        for name, kind, let_in in NEIGHBOURS:
            neighbour, _ = await register_neighbour(
                session,
                accounts["sysadmin"],
                runtime,
                name=name,
                region=PROVINCE,
                address="",
                form="json",
                kinds=[kind],
            )
            if let_in:
                await admit_neighbour(session, accounts["secadmin"], neighbour, at=runtime.clock.now())


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    fresh.rename(path)
