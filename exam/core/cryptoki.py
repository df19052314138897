"""Tokens by python-pkcs11: one login for each token of a process, which the keys in it share.

Ed25519 and P-256 alone have mechanisms in the standard (PKCS #11 3.0 §2.3); what vendors offer for SM2 is their own.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import msgspec
import pkcs11
from asn1crypto.core import OctetString, PrintableString
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, PKCS11Error
from pkcs11.util.ec import encode_named_curve_parameters

from exam.core.config import SettingsError
from exam.core.token_keys import Curve, TokenAwayError, TokenKey, read_pin

_ED25519_BYTES = 32
_POINT_BYTES = 65
T = TypeVar("T")


class _Kind(msgspec.Struct, frozen=True):
    key_type: KeyType
    parameters: bytes
    mechanism: Mechanism
    prepare: Callable[[bytes], bytes]
    public_bytes: int


_KINDS = {
    Curve.ED25519: _Kind(
        KeyType.EC_EDWARDS, PrintableString("edwards25519").dump(), Mechanism.EDDSA, bytes, _ED25519_BYTES
    ),
    Curve.P256: _Kind(
        KeyType.EC,
        encode_named_curve_parameters("secp256r1"),
        Mechanism.ECDSA,
        lambda message: sha256(message).digest(),
        _POINT_BYTES,
    ),
}


@lru_cache(maxsize=8)
def login(module: Path, token: str, pin_file: Path) -> "Login":
    """Return this process's login to a token; a token knows one user of a process. Raises SettingsError."""
    return Login(module, token, pin_file)


class Login:
    """A session in which one question is asked at a time; it is opened again once after a failure."""

    def __init__(self, module: Path, token: str, pin_file: Path) -> None:
        self._module, self._token, self._pin_file = module, token, pin_file
        self._lock = Lock()
        self._session: Any = None
        self._explained(lambda _: None)

    def find(self, label: str) -> TokenKey:
        """Return the key of a label; raises SettingsError."""
        public: Any = self._explained(lambda session: _only(session, label, ObjectClass.PUBLIC_KEY))
        curve, point = _curve(public)
        self._explained(lambda session: _only(session, label, ObjectClass.PRIVATE_KEY))
        return _Key(self, label, curve, point)

    def create(self, label: str, curve: Curve) -> TokenKey:
        """Make a key unless the label has one; raises SettingsError."""
        if not self._explained(lambda session: _labelled(session, label, ObjectClass.PRIVATE_KEY)):
            self._explained(lambda session: _generate(session, label, _KINDS[curve]))
        found = self.find(label)
        if found.curve is not curve:
            raise SettingsError(reason=f"the key {label} in {self._token} is one of {found.curve}, not of {curve}")
        return found

    def ask(self, question: Callable[[Any], T]) -> T:
        """Return what the token answers; raises PKCS11Error and SettingsError."""
        with self._lock:
            try:
                return question(self._opened())
            except PKCS11Error:
                self._close()  # a token that was reset has forgotten the session
            return question(self._opened())

    def _explained(self, question: Callable[[Any], T]) -> T:
        try:
            return self.ask(question)
        except (PKCS11Error, RuntimeError) as error:
            what = type(error).__name__
            raise SettingsError(reason=f"token {self._token} of {self._module}: {what}") from error

    def _opened(self) -> Any:
        if self._session is None:
            token = pkcs11.lib(str(self._module)).get_token(token_label=self._token)
            self._session = token.open(rw=True, user_pin=read_pin(self._pin_file))
        return self._session

    def _close(self) -> None:
        with suppress(PKCS11Error):
            if self._session is not None:
                self._session.close()
        self._session = None


class _Key:
    """One key, looked up anew for each signature: its handle lasts no longer than the session."""

    def __init__(self, login_: Login, label: str, curve: Curve, public: bytes) -> None:
        self.curve, self.public = curve, public
        self._login, self._label = login_, label

    def sign(self, message: bytes) -> bytes:
        kind = _KINDS[self.curve]
        prepared = kind.prepare(message)

        def question(session: Any) -> bytes:
            private = _only(session, self._label, ObjectClass.PRIVATE_KEY)
            return bytes(private.sign(prepared, mechanism=kind.mechanism))

        try:
            return self._login.ask(question)
        except (PKCS11Error, SettingsError) as error:
            raise TokenAwayError(reason=type(error).__name__) from error


def _labelled(session: Any, label: str, kind: ObjectClass) -> list[Any]:
    return list(session.get_objects({Attribute.CLASS: kind, Attribute.LABEL: label}))


def _only(session: Any, label: str, kind: ObjectClass) -> Any:
    found = _labelled(session, label, kind)
    if len(found) != 1:
        raise SettingsError(reason=f"{len(found)} keys have the label {label}")
    return found[0]


def _generate(session: Any, label: str, kind: _Kind) -> None:
    parameters = session.create_domain_parameters(kind.key_type, {Attribute.EC_PARAMS: kind.parameters}, local=True)
    inside = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True}
    parameters.generate_keypair(store=True, label=label, id=label.encode(), private_template=inside)


def _curve(public: Any) -> tuple[Curve, bytes]:
    """Return what a public key is, and its raw bytes: most modules wrap them into an OCTET STRING, some do not."""
    for curve, kind in _KINDS.items():
        if public.key_type is kind.key_type:
            point = bytes(public[Attribute.EC_POINT])
            raw = point if len(point) == kind.public_bytes else bytes(OctetString.load(point).native)
            if len(raw) == kind.public_bytes:
                return curve, raw
    raise SettingsError(reason="a key in a token must be one of Ed25519 or P-256")
