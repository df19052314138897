"""Mutual TLS: the certificate that a caller has shown, and the one that we show.

A node of ours that ends TLS itself notes the caller's certificate in the scope (`exam.cli.exchange`). Behind a proxy the
one header that the operator names carries it, as RFC 9440 or nginx write it; the proxy overwrites what a caller sends.
"""

import base64
import binascii
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import httpx

from exam.core.config import Settings
from exam.core.crypto import digest
from exam.records.nodes.errors import CertificateUnreadableError, CertificateWrongError

PEER: Final = "ankao.certificate"
"""Where the fingerprint of the caller's certificate stands in the scope."""
TIMEOUT_S: Final = 30
_HEX: Final = re.compile(r"[0-9a-f]{64}")


def fingerprint_of(text: str) -> str:
    """Return the SHA-256 of a certificate in hexadecimal, from PEM or from the fingerprint itself; empty for empty.

    Raises CertificateUnreadableError.
    """
    plain = text.strip()
    if not plain:
        return ""
    digits = plain.lower().replace(":", "").replace(" ", "")
    if _HEX.fullmatch(digits):
        return digits
    try:
        return digest(ssl.PEM_cert_to_DER_cert(plain)).hex()
    except ValueError as error:
        raise CertificateUnreadableError from error


def shown_by(scope: Mapping[str, Any], headers: Mapping[str, str], settings: Settings) -> str:
    """Return the fingerprint of the certificate that the caller has shown, empty for none."""
    if noted := str(scope.get(PEER, "")):
        return noted
    written = headers.get(settings.exchange_peer_header, "") if settings.exchange_peer_header else ""
    try:
        if written.startswith(":"):
            return digest(base64.b64decode(written.strip(":"), validate=True)).hex()
        return fingerprint_of(unquote(written)) if "BEGIN" in written else ""
    except (binascii.Error, CertificateUnreadableError):
        return ""


def require_certificate(registered: str, shown: str, *, always: bool) -> None:
    """Raise CertificateWrongError unless the caller has shown the certificate that was registered for it.

    `always` refuses as well where none was registered.
    """
    if (always and not registered) or (registered and shown != registered):
        raise CertificateWrongError


def client_of(settings: Settings) -> httpx.AsyncClient:
    """Return a client that shows this node's certificate, if it has one, and follows nobody anywhere."""
    context = ssl.create_default_context(
        cafile=str(settings.exchange_roots) if _given(settings.exchange_roots) else None
    )
    if _given(settings.exchange_certificate):
        context.load_cert_chain(settings.exchange_certificate, settings.exchange_key)
    return httpx.AsyncClient(verify=context, timeout=TIMEOUT_S, trust_env=False, follow_redirects=False)


def _given(path: Path) -> bool:
    return path != Path()
