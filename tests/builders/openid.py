"""A small OpenID provider over loopback that keeps its half of the standard: it knows its client, its redirect address,
PKCE and one use of each code, and signs what it says with its own key.
"""

import json
import secrets
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core.util import create_half_hash
from joserfc import jwt
from joserfc.jwk import ECKey

from exam.core.clock import Clock

CLIENT, SECRET = "ankao", "a-secret-of-the-test-alone"
LIFE_S = 300


class Person(msgspec.Struct, kw_only=True):
    """Who is logged in at the provider, and what it says of how."""

    subject: str
    claims: dict[str, Any] = msgspec.field(default_factory=dict)


class OpenIdProvider:
    """What the provider knows; `person` is who sits before the browser, None refuses."""

    def __init__(self, clock: Clock, callback: str) -> None:
        self.clock = clock
        self.callback = callback
        self.person: Person | None = None
        self.issuer = ""
        self.key = self._new_key()
        self.wrong: dict[str, Any] = {}
        """Claims that it signs though they are not true."""
        self._codes: dict[str, tuple[dict[str, str], Person]] = {}

    @staticmethod
    def _new_key() -> ECKey:
        return ECKey.generate_key("P-256", {"kid": secrets.token_hex(4), "use": "sig", "alg": "ES256"})

    def change_key(self) -> None:
        """Sign with another key from now on, as a provider does every few months."""
        self.key = self._new_key()

    def document(self) -> dict[str, Any]:
        """Return the discovery document."""
        return {
            "issuer": self.issuer,
            **{f"{name}_endpoint": f"{self.issuer}/{name}" for name in ("authorization", "token", "end_session")},
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """Return where the browser goes from the page of the provider."""
        assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT, self.callback)
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert "openid" in asked["scope"].split()
        if self.person is None:
            return f"{self.callback}?{urlencode({'error': 'access_denied', 'state': asked['state']})}"
        code = secrets.token_urlsafe(24)
        self._codes[code] = asked, self.person
        return f"{self.callback}?{urlencode({'code': code, 'state': asked['state']})}"

    def exchange(self, sent: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Return status and body of the token endpoint; a code is good once."""
        if b64decode(authorization.removeprefix("Basic ")).decode() != f"{CLIENT}:{SECRET}":
            return 401, {"error": "invalid_client"}
        asked, person = self._codes.pop(sent.get("code", ""), ({}, None))
        proved = create_s256_code_challenge(sent.get("code_verifier", "")) == asked.get("code_challenge")
        if person is None or not proved or sent.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        access = secrets.token_urlsafe(24)
        return 200, {"access_token": access, "token_type": "Bearer", "id_token": self._sign(asked, person, access)}

    def logout_token(self, subject: str, **wrong: Any) -> str:
        """Return the provider's word that somebody has logged out; None leaves a claim out."""
        now = int(self.clock.now().timestamp())
        events: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": subject, "iat": now, "exp": now + 120, "jti": "1"}
        said = {**claims, "events": events, **wrong}
        kept = {name: value for name, value in said.items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": self.key.kid, "typ": "logout+jwt"}, kept, self.key)

    def _sign(self, asked: dict[str, str], person: Person, access: str) -> str:
        now = int(self.clock.now().timestamp())
        half = create_half_hash(access, "ES256")
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": person.subject,
            "iat": now,
            "exp": now + LIFE_S,
            "nonce": asked["nonce"],
            "at_hash": half.decode() if half else "",
            **person.claims,
            **self.wrong,
        }
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)


@contextmanager
def openid_provider(clock: Clock, callback: str) -> Iterator[OpenIdProvider]:
    """Serve a provider on a free port of loopback."""
    provider = OpenIdProvider(clock, callback)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_words: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorization":
                self.send_response(302)
                self.send_header("location", provider.authorize(_one_each(parts.query)))
                self.end_headers()
                return
            known: dict[str, Callable[[], dict[str, Any]]] = {
                "/.well-known/openid-configuration": provider.document,
                "/keys": lambda: {"keys": [provider.key.as_dict(private=False)]},
            }
            self._say(200, known[parts.path]())

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["content-length"])).decode()
            self._say(*provider.exchange(_one_each(sent), self.headers.get("authorization", "")))

        def _say(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()


def _one_each(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
