"""The OpenID provider: its discovery document and keys, fetched when they are wanted, and the exchange of a code.

Only the addresses that the configured issuer's own document names are asked, and redirects are not followed.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.discovery import get_well_known_url
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from exam.core.config import Settings
from exam.identity.sso.asking import Asking, Identity, Left
from exam.identity.sso.errors import SsoRefusedError, SsoUnavailableError
from exam.identity.sso.tokens import Expected, read_logout, read_token

PATIENCE_S = 5.0
KNOWN_FOR = timedelta(hours=1)
KEYS_AGAIN = timedelta(minutes=1)
"""An unknown key is asked for anew, not more often than this."""
LARGEST = 1 << 20
SCOPE = "openid"
CALLBACK = "/login/sso/callback"

T = TypeVar("T")


class Document(msgspec.Struct, frozen=True):
    """What is needed of the discovery document (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""
    token_endpoint_auth_methods_supported: list[str] = msgspec.field(default_factory=lambda: ["client_secret_basic"])


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str
    access_token: str = ""


class Provider:
    """The one provider of an installation."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = httpx.AsyncClient(timeout=PATIENCE_S, follow_redirects=False, trust_env=False)
        self._document: tuple[Document, datetime] | None = None
        self._keys: tuple[KeySet, datetime] | None = None
        secret = settings.oidc_client_secret_file
        self._secret = secret.read_text(encoding="utf-8").strip() if secret.is_file() else ""

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def address_for(self, asking: Asking, *, at: datetime) -> str:
        """Return where a browser is sent with a question."""
        wanted = {"acr_values": " ".join(self._acr)} if self._acr else {}
        address: str = prepare_grant_uri(
            (await self._known(at)).authorization_endpoint,
            self._settings.oidc_client_id,
            "code",
            redirect_uri=self._callback,
            scope=SCOPE,
            state=asking.state,
            nonce=asking.nonce,
            code_challenge=create_s256_code_challenge(asking.verifier),
            code_challenge_method="S256",
            **wanted,
        )
        return address

    async def address_to_leave(self, *, at: datetime) -> str:
        """Return where a browser is sent to log out there too (RP-Initiated Logout 1.0), empty where that is not offered."""
        document = await self._known(at)
        back = {
            "client_id": self._settings.oidc_client_id,
            "post_logout_redirect_uri": f"{self._settings.base_url}/login",
        }
        return f"{document.end_session_endpoint}?{urlencode(back)}" if document.end_session_endpoint else ""

    async def identify(self, asking: Asking, code: str, *, at: datetime) -> Identity:
        """Exchange a code for the identity behind it; raises SsoRefusedError and SsoUnavailableError."""
        document = await self._known(at)
        tokens = await self._exchange(document, asking, code)
        expected = Expected(
            issuer=document.issuer, client_id=self._settings.oidc_client_id, nonce=asking.nonce, acr=self._acr
        )
        return await self._read(
            document,
            at,
            lambda keys: read_token(tokens.id_token, keys, expected, access_token=tokens.access_token, at=at),
        )

    async def who_left(self, token: str, *, at: datetime) -> Left:
        """Return who has logged out there; raises SsoRefusedError and SsoUnavailableError."""
        document = await self._known(at)
        expected = Expected(issuer=document.issuer, client_id=self._settings.oidc_client_id)
        return await self._read(document, at, lambda keys: read_logout(token, keys, expected, at=at))

    async def _read(self, document: Document, at: datetime, read: Callable[[KeySet], T]) -> T:
        """Read a token by the keys that are known, and once more by those of today; raises SsoRefusedError."""
        for keys in (await self._key_set(document, at), await self._key_set(document, at, KEYS_AGAIN)):
            try:
                return read(keys)
            except SsoRefusedError as error:
                refused = error
        raise refused

    @property
    def _acr(self) -> list[str]:
        return self._settings.oidc_two_factor_acr.split()

    @property
    def _callback(self) -> str:
        return self._settings.base_url + CALLBACK

    async def _known(self, at: datetime) -> Document:
        if self._document is None or self._document[1] + KNOWN_FOR < at:
            address = get_well_known_url(self._settings.oidc_issuer, external=True)
            document = _decode(await self._fetch(address), Document)
            self._document = (_judged(document, self._settings.oidc_issuer), at)
        return self._document[0]

    async def _key_set(self, document: Document, at: datetime, for_long: timedelta = KNOWN_FOR) -> KeySet:
        if self._keys is None or self._keys[1] + for_long < at:
            try:
                published = _decode(await self._fetch(document.jwks_uri), dict[str, Any])
                found = KeySet.import_key_set(cast("Any", published))
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise SsoUnavailableError from error
            self._keys = (found, at)
        return self._keys[0]

    async def _exchange(self, document: Document, asking: Asking, code: str) -> _Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._callback,
            "code_verifier": asking.verifier,
        }
        basic = self._secret and "client_secret_basic" in document.token_endpoint_auth_methods_supported
        if not basic:
            form |= {"client_id": self._settings.oidc_client_id, **self._secret_field()}
        auth = httpx.BasicAuth(self._settings.oidc_client_id, self._secret) if basic else httpx.USE_CLIENT_DEFAULT
        try:
            answer = await self._client.post(document.token_endpoint, data=form, auth=auth)
        except httpx.HTTPError as error:
            raise SsoUnavailableError from error
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise SsoUnavailableError
        if answer.status_code != httpx.codes.OK or len(answer.content) > LARGEST:
            raise SsoRefusedError
        return _decode(answer.content, _Tokens)

    def _secret_field(self) -> Mapping[str, str]:
        return {"client_secret": self._secret} if self._secret else {}

    async def _fetch(self, address: str) -> bytes:
        try:
            answer = await self._client.get(address)
        except httpx.HTTPError as error:
            raise SsoUnavailableError from error
        if answer.status_code != httpx.codes.OK or len(answer.content) > LARGEST:
            raise SsoUnavailableError
        return answer.content


def _judged(document: Document, issuer: str) -> Document:
    """Return a document that speaks for its issuer and names addresses as safe as that one's; raises SsoUnavailableError."""
    named = (document.authorization_endpoint, document.token_endpoint, document.jwks_uri)
    least = urlsplit(issuer).scheme
    if document.issuer != issuer or any(urlsplit(address).scheme not in {"https", least} for address in named):
        raise SsoUnavailableError
    return document


def _decode(content: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise SsoUnavailableError from error
