"""Keys that never leave their module: tokens behind PKCS #11 (an HSM, a smart card, SoftHSM), named by RFC 7512 addresses.

    pkcs11:token=ankao;object=log?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/var/lib/ankao-signer/pin

The PIN stands in a file of the process that signs, and nobody else may read it. The package that speaks to modules is
an extra of its own (deploy/hsm.lock), imported with the first key.
"""

import stat
from enum import StrEnum
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import unquote

import msgspec

from exam.core.config import SettingsError
from exam.core.errors import DomainError, Kind

SCHEME = "pkcs11"


class TokenAwayError(DomainError):
    """The token did not sign: it is unplugged, locked or unreachable."""

    kind = Kind.UNAVAILABLE
    code = "token_away"
    message = "密码模块没有完成签名,请检查加密机或密钥设备是否连接正常。"


class Curve(StrEnum):
    """The kinds of keys that the standard's mechanisms make and use here."""

    ED25519 = "Ed25519"
    P256 = "ECDSA-P256"


class TokenKey(Protocol):
    """A private key in a token; signatures have 64 bytes, of P-256 over the SHA-256 of the message."""

    @property
    def curve(self) -> Curve: ...
    @property
    def public(self) -> bytes:
        """Return 32 bytes, or the uncompressed point of P-256."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature; raises TokenAwayError. Blocks."""


class Address(msgspec.Struct, frozen=True):
    """Where a key is: labels of token and object, the module's library, and the file with the PIN."""

    token: str
    object: str
    module: Path
    pin_file: Path

    @classmethod
    def parse(cls, address: str) -> Self:
        """Read an address; raises SettingsError. It names exactly what is read here, so that no part is passed over."""
        scheme, _, rest = address.partition(":")
        path, _, query = rest.partition("?")
        parts = [each.partition("=") for each in [*path.split(";"), *query.split("&")]]
        named = {name: unquote(value) for name, _, value in parts}
        pin_file = named.get("pin-source", "")
        known = {"token", "object", "module-path", "pin-source"}
        if scheme != SCHEME or set(named) != known or len(parts) != len(known) or not pin_file.startswith("file:/"):
            raise SettingsError(reason="a key in a token is pkcs11:token=…;object=…?module-path=…&pin-source=file:/…")
        return cls(named["token"], named["object"], Path(named["module-path"]), Path(pin_file.removeprefix("file:")))


def is_token_address(address: str) -> bool:
    """Say whether an address names a key in a token."""
    return address.startswith(f"{SCHEME}:")


def read_pin(path: Path) -> str:
    """Return the PIN; raises SettingsError where others than the owner have any right to the file."""
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise SettingsError(reason=f"{path} may be read by others than its owner")
            return file.read().decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(reason=f"the PIN file {path} cannot be read") from error


def open_token_key(address: str) -> TokenKey:
    """Return the key at an address; raises SettingsError where module, token, PIN or key are not as it says."""
    where = Address.parse(address)
    return _login(where).find(where.object)


def create_token_key(address: str, curve: Curve) -> TokenKey:
    """Let the token make a key that cannot be taken out of it, unless it is there; raises as `open_token_key`."""
    where = Address.parse(address)
    return _login(where).create(where.object, curve)


class _Keys(Protocol):
    def find(self, label: str) -> TokenKey: ...
    def create(self, label: str, curve: Curve) -> TokenKey: ...


def _login(where: Address) -> _Keys:
    try:
        from exam.core.cryptoki import login  # noqa: PLC0415  # an extra that few installations have
    except ModuleNotFoundError as error:
        raise SettingsError(reason="python-pkcs11 is not installed: see deploy/hsm.lock") from error
    return login(where.module, where.token, where.pin_file)
