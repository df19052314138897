"""A new installation gets its regions and its three administrators once, and they can go to work."""

import re

import pytest
from click.testing import CliRunner, Result

from exam.cli.init import command
from exam.core.config import Settings
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.identity.errors import AlreadyFoundedError
from exam.identity.founding import LOGINS, found_installation
from exam.identity.passwords import PasswordPool
from exam.identity.region_tree import RegionFileError, UnknownRegionError, read_regions
from exam.identity.seeding import seed_regions
from tests.builders import identity as make
from tests.builders.web import browsing, send

_OFFER = re.compile(r'name="offer" value="([^"]+)"')
_SECRET = re.compile(r'class="code secret">([A-Z2-7 ]+)<')
OTHER = "code,name,level,parent\n420000,湖北省,province,\n420100,武汉市,city,420000\n420102,江岸区,county,420100\n"


def _call(settings: Settings, *arguments: str) -> Result:
    given = {
        "DATABASE_URL": settings.database_url,
        "VALKEY_URL": settings.valkey_url,
        "ANKAO_DATA_DIR": str(settings.data_dir),
        "ANKAO_PROFILE": "test",
    }
    return CliRunner().invoke(command, list(arguments), env=given)


def test_the_command_tells_each_password_once(settings: Settings) -> None:
    told = _call(settings)
    assert told.exit_code == 0, told.output
    passwords = {line.split()[0]: line.split()[1] for line in told.output.splitlines()[:3]}
    assert passwords.keys() == LOGINS.keys()
    assert len(set(passwords.values())) == len(LOGINS)
    again = _call(settings)
    assert isinstance(again.exception, AlreadyFoundedError)


async def test_a_founder_changes_the_password_binds_a_phone_and_opens_accounts(runtime: Runtime) -> None:
    async with runtime.databases.transaction(Scope(region="33")) as session:
        await seed_regions(session)
        founders = await found_installation(session, PasswordPool(1), region="33", at=runtime.clock.now())
    security = next(each for each in founders if each.login == "secadmin")
    async with browsing(runtime) as client:
        entered = await send(client, "/login", {"login": security.login, "password": security.password})
        assert entered.headers["location"].startswith("/login/second-factor")
        page = await client.get(entered.headers["location"])
        offer, secret = _OFFER.search(page.text), _SECRET.search(page.text)
        assert offer
        assert secret
        code = make.code(secret[1].replace(" ", ""), runtime.clock.now())
        bound = await send(client, "/login/second-factor", {"code": code, "offer": offer[1]})
        assert bound.headers["location"] == "/account"
        assert (await client.get("/admin/accounts")).status_code == 403
        fresh = "neun-helle-laternen-14"
        await send(client, "/account/password", {"old": security.password, "new": fresh, "repeat": fresh})
        assert (await client.get("/admin/accounts")).status_code == 200


def test_another_province_comes_from_a_file() -> None:
    tree = read_regions(OTHER)
    assert [each.path for each in tree.regions] == ["42", "42/4201", "42/4201/420102"]
    with pytest.raises(RegionFileError):
        read_regions("code,name\n42,湖北省\n")
    with pytest.raises(RegionFileError):
        read_regions(OTHER.replace("city", "town-hall"))
    with pytest.raises(UnknownRegionError):
        read_regions(OTHER.replace("420100,武汉市,city,420000\n", ""))
