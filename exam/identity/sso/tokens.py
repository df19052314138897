"""Judging what a provider signs: ID tokens (OpenID Connect Core 3.1.3.7), their factors, and tokens of a log-out."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, cast

import msgspec
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from exam.identity.sso.asking import Identity, Left
from exam.identity.sso.errors import SsoRefusedError

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"]
"""Signatures by a key pair: a provider that signs with the client's secret could be spoken for by whoever has that."""
LEEWAY_S = 60
LOGGED_OUT = "http://schemas.openid.net/event/backchannel-logout"
MANY = "mfa"
"""RFC 8176: more than one factor was used."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What a token must say; `acr` are the classes that the operator takes for two factors."""

    issuer: str
    client_id: str
    nonce: str = ""
    acr: Collection[str] = ()


def read_token(text: str, keys: KeySet, expected: Expected, *, access_token: str, at: datetime) -> Identity:
    """Return the identity of a valid token; raises SsoRefusedError for every other."""
    try:
        token = jwt.decode(text, keys, algorithms=ALGORITHMS)
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": expected.issuer},
                "aud": {"essential": True, "value": expected.client_id},
            },
            {"nonce": expected.nonce, "client_id": expected.client_id, "access_token": access_token},
        )
        claims.validate(now=int(at.timestamp()), leeway=LEEWAY_S)
    except (JoseError, ValueError, TypeError) as error:
        raise SsoRefusedError from error
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        raise SsoRefusedError
    return Identity(claims["sub"], passed_two(claims, expected.acr), _text(claims, "sid"))


def read_logout(text: str, keys: KeySet, expected: Expected, *, at: datetime) -> Left:
    """Return whom a valid logout token names (OpenID Connect Back-Channel Logout 1.0, 2.6); raises SsoRefusedError."""
    wanted = {name: {"essential": True} for name in ("iat", "exp", "jti", "events")}
    try:
        token = jwt.decode(text, keys, algorithms=ALGORITHMS)
        registry = jwt.JWTClaimsRegistry(
            now=int(at.timestamp()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": expected.issuer},
            aud={"essential": True, "value": expected.client_id},
            **cast("Any", wanted),
        )
        registry.validate(token.claims)
    except (JoseError, ValueError, TypeError) as error:
        raise SsoRefusedError from error
    claims = token.claims
    # an ID token, which browsers carry, is no word of a log-out
    said = isinstance(claims["events"], dict) and isinstance(claims["events"].get(LOGGED_OUT), dict)
    left = Left(_text(claims, "sub"), _text(claims, "sid"))
    if not said or "nonce" in claims or not (left.subject or left.session):
        raise SsoRefusedError
    return left


def _text(claims: Mapping[str, Any], name: str) -> str:
    """Return a claim that need not be there; raises SsoRefusedError for one that is no text."""
    value = claims.get(name, "")
    if not isinstance(value, str):
        raise SsoRefusedError
    return value


def passed_two(claims: Mapping[str, Any], acr: Collection[str]) -> bool:
    """Tell whether two factors stood behind a log-in: by a class that the operator named, or by the method `mfa`."""
    methods = claims.get("amr")
    return claims.get("acr") in acr or (isinstance(methods, list) and MANY in methods)
