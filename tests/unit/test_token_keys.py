"""Keys in a PKCS #11 token, over SoftHSM (Debian: softhsm2): made by the command, used by log and credentials, never out."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pkcs11
import pytest
from click.testing import CliRunner
from pkcs11 import Attribute, ObjectClass

from certs.keys import KEY_FILE as CREDENTIALS_FILE
from certs.keys import create_signing_key, load_signer, prove_key
from certs.qr import decode_payload, encode_payload
from certs.signing import KeyRing
from certs.suites import SIGNATURE_BYTES
from exam.cli.keys import command
from exam.cli.signer import open_custody
from exam.core.audit.custody import KEY_FILE
from exam.core.audit.note import Ed25519NoteSigner, Note, verified_by
from exam.core.config import Settings, SettingsError
from exam.core.cryptoki import login
from exam.core.token_keys import Curve, TokenAwayError, create_token_key, open_token_key
from tests.builders.documents import ISSUER, payload

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
TOKEN, PIN = "ankao-test", "2468"
pytestmark = pytest.mark.skipif(not MODULE.exists(), reason="SoftHSM is not installed: apt-get install softhsm2")


@pytest.fixture(scope="module")
def pin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a scratch token and give the file with its PIN; the module is let go at the end."""
    folder = tmp_path_factory.mktemp("hsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    file = folder / "pin"
    file.write_text(f"{PIN}\n")
    file.chmod(0o600)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        make = ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--so-pin", "13579246", "--pin", PIN]
        subprocess.run(make, check=True, capture_output=True)
        yield file
        pkcs11.unload(str(MODULE))


def address(pin: Path, label: str, *, token: str = TOKEN) -> str:
    return f"pkcs11:token={token};object={label}?module-path={MODULE}&pin-source=file:{pin}"


def forget() -> None:
    """Let the module forget all sessions and the login, as a token that was pulled out does."""
    pkcs11.lib(str(MODULE)).reinitialize()


def settings_of(pin: Path, folder: Path, algorithm: Curve) -> Settings:
    names = {"signing_key": address(pin, f"credentials-{algorithm}"), "log_key": address(pin, "log")}
    return msgspec.structs.replace(Settings(), data_dir=folder, signing_algorithm=algorithm.value, **names)


@pytest.mark.parametrize("algorithm", list(Curve))
def test_a_token_signs_log_and_credentials(pin: Path, tmp_path: Path, algorithm: Curve) -> None:
    settings = settings_of(pin, tmp_path, algorithm)
    environment = {"ANKAO_SIGNING_KEY": settings.signing_key, "ANKAO_LOG_KEY": settings.log_key}
    environment |= {"ANKAO_SIGNING_ALGORITHM": algorithm.value, "ANKAO_PROFILE": "production"}
    words = ["create-signer", "--data-dir", str(tmp_path)]
    first, second = (CliRunner().invoke(command, words, env=environment) for _ in range(2))
    assert (first.exit_code, first.output) == (0, second.output)
    assert not (settings.signer_folder / KEY_FILE).exists()
    assert not (tmp_path / CREDENTIALS_FILE).exists()

    signer = load_signer(settings)
    ring = KeyRing([signer.pinned_as(ISSUER)])
    assert signer.algorithm.value == algorithm.value
    assert decode_payload(encode_payload(payload(), signer), ring).issuer == ISSUER

    custody = open_custody(settings)
    assert str(custody.verifier_key) in first.output
    log = Ed25519NoteSigner(custody.name, custody.private)
    note = Note("x/log\n1\nAAAA\n", (log.sign("x/log\n1\nAAAA\n"),))
    assert custody.verifier_key in verified_by(note, [custody.verifier_key])


def test_the_command_tries_a_key_and_the_token_keeps_it(pin: Path) -> None:
    create_token_key(address(pin, "kept"), Curve.P256)
    tried = CliRunner().invoke(command, ["try", address(pin, "kept")])
    assert tried.output.startswith("ECDSA-P256 ")
    assert prove_key(address(pin, "kept")).public == open_token_key(address(pin, "kept")).public
    with pytest.raises(SettingsError):
        create_token_key(address(pin, "kept"), Curve.ED25519)
    (private,) = login(MODULE, TOKEN, pin).ask(
        lambda session: list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: "kept"}))
    )
    assert (private[Attribute.SENSITIVE], private[Attribute.EXTRACTABLE]) == (True, False)


def test_what_is_not_as_the_address_says_is_refused(pin: Path, tmp_path: Path) -> None:
    forget()
    wrong = tmp_path / "wrong"
    wrong.write_text("0000")
    for mode, bad in (
        (0o600, address(wrong, "log")),
        (0o640, address(wrong, "log")),
        (0o600, address(tmp_path / "none", "log")),
        (0o600, address(pin, "nothing")),
        (0o600, address(pin, "log", token="other")),
        (0o600, address(pin, "log").replace(str(MODULE), "/nowhere.so")),
        (0o600, address(pin, "log") + "&slot-id=1"),
        (0o600, "pkcs11:token=a;object=b"),
    ):
        wrong.chmod(mode)
        with pytest.raises(SettingsError):
            open_token_key(bad)
    sm2 = settings_of(pin, tmp_path, Curve.P256)
    with pytest.raises(SettingsError, match="SM2"):
        create_signing_key(msgspec.structs.replace(sm2, signing_algorithm="SM2"))


# the library cannot finish a search in a session that is gone, and says so while it lets it go
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_session_that_the_token_forgot_is_opened_again(pin: Path) -> None:
    create_token_key(address(pin, "lasting"), Curve.ED25519)
    key = open_token_key(address(pin, "lasting"))
    forget()
    assert len(key.sign(b"x")) == SIGNATURE_BYTES
    away = pin.rename(pin.with_name("away"))
    forget()
    with pytest.raises(TokenAwayError):
        key.sign(b"x")
    away.rename(pin)
    assert len(key.sign(b"x")) == SIGNATURE_BYTES
