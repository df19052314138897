"""The process that other nodes call: nothing but the exchange, over TLS that asks every caller for a certificate."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

from exam.app import compose_runtime
from exam.cli.web import serve
from exam.core.config import Settings, SettingsError
from exam.core.crypto import digest
from exam.records.api import NODE_PLUGIN, PEER
from exam.web.shell import build_shell
from exam.web.wire import JoiningProtocol


class PeerProtocol(JoiningProtocol):
    """Notes the caller's certificate, which TLS has proved, in the scope of every request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        super().connection_made(transport)
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True) if tls else None
        shown, app = digest(certificate).hex() if certificate else "", self.app

        async def noted(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, PEER: shown}, receive, send)

        self.app = noted


def tls_of(settings: Settings) -> dict[str, Any]:
    """Return uvicorn's TLS settings; raises SettingsError where a file is not named."""
    files = {
        "certificate": settings.exchange_certificate,
        "key": settings.exchange_key,
        "roots": settings.exchange_roots,
    }
    missing = [f"ANKAO_EXCHANGE_{name.upper()}" for name, path in files.items() if path == Path()]
    if missing:
        raise SettingsError(reason=f"not set: {', '.join(missing)}")
    return {
        "ssl_certfile": str(settings.exchange_certificate),
        "ssl_keyfile": str(settings.exchange_key),
        "ssl_ca_certs": str(settings.exchange_roots),
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
    }


def serve_node(settings: Settings, host: str, port: int) -> None:
    """Serve the exchange to certificates of the known roots, until told to stop."""
    tls = tls_of(settings)
    app = build_shell(compose_runtime(settings), (NODE_PLUGIN,))
    serve(app, host, port, http=PeerProtocol, tls=tls)
