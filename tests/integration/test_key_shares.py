"""A process of lesser rights knows its own keys and the passwords of its own database roles, and cannot derive others."""

import json
from pathlib import Path

import msgspec
import psycopg
import pytest

from exam.core.config import Profile, Settings, SettingsError
from exam.core.db.roles import Role, role_url
from exam.core.events import Subscribers
from exam.core.runtime import build_runtime
from exam.core.secrets import FILE_NAME, NEEDS, load_secrets, store_share


@pytest.mark.parametrize("kind", sorted(NEEDS))
def test_a_share_opens_its_own_roles_and_no_other(settings: Settings, tmp_path: Path, kind: str) -> None:
    store_share(load_secrets(settings), kind, tmp_path / FILE_NAME)
    share = load_secrets(msgspec.structs.replace(settings, data_dir=tmp_path))
    for role in Role:
        if role not in NEEDS[kind].roles:
            with pytest.raises(SettingsError):
                role_url(settings.database_url, share.roles, role)
            continue
        url = role_url(settings.database_url, share.roles, role).set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
            assert connection.execute("select session_user").fetchone() == (role,)
    assert Role.OWNER not in NEEDS[kind].roles


def test_nothing_in_a_share_derives_a_password(settings: Settings, tmp_path: Path) -> None:
    store_share(load_secrets(settings), "web", tmp_path / FILE_NAME)
    master = json.loads((settings.data_dir / FILE_NAME).read_text())["roles"]
    written = (tmp_path / FILE_NAME).read_text()
    assert master not in written
    assert load_secrets(settings).roles.of(Role.OWNER) not in written
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0
    assert repr(load_secrets(settings).roles) == "RolePasswords(…)"


@pytest.mark.parametrize("kind", sorted(NEEDS))
def test_a_share_holds_its_own_keys_and_no_other(settings: Settings, tmp_path: Path, kind: str) -> None:
    whole = load_secrets(settings)
    store_share(whole, kind, tmp_path / FILE_NAME)
    share = load_secrets(msgspec.structs.replace(settings, data_dir=tmp_path))
    assert share.seals is NEEDS[kind].seals
    for name in ("lease", "forms", "cookie"):
        if name in NEEDS[kind].keys:
            assert getattr(share, name) == getattr(whole, name)
            continue
        with pytest.raises(SettingsError):
            getattr(share, name)


def test_a_media_node_checks_tickets_without_the_key_of_leases(settings: Settings, tmp_path: Path) -> None:
    whole = load_secrets(settings)
    store_share(whole, "media", tmp_path / FILE_NAME)
    share = load_secrets(msgspec.structs.replace(settings, data_dir=tmp_path))
    assert share.tickets == whole.tickets != whole.lease


def test_a_process_without_the_ring_seals_nothing(settings: Settings, tmp_path: Path) -> None:
    store_share(load_secrets(settings), "signer", tmp_path / FILE_NAME)
    own = msgspec.structs.replace(settings, data_dir=tmp_path, profile=Profile.PRODUCTION)
    runtime = build_runtime(own, Subscribers([]))
    with pytest.raises(SettingsError):
        runtime.sealer.blind_index("x", "y")
    assert not (tmp_path / "keyring.json").exists()
