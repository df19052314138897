"""The time-stamp authority (RFC 3161) of the settings, and what its time stamps are held against."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import httpx
from asn1crypto import tsp, x509
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator import ValidationContext

from certs.pades.identity import read_chain
from exam.core.config import Settings
from exam.core.errors import DomainError, Kind

TIMEOUT_S = 10.0
_ASK, _ANSWER = "application/timestamp-query", "application/timestamp-reply"


class TimeStampError(DomainError):
    """The time-stamp authority does not answer, or answers something else; the document is made again later."""

    kind = Kind.UNAVAILABLE
    code = "time_stamp"
    message = "时间戳服务没有应答,稍后会重新制作证书文件。"


class Authority(TimeStamper):
    """Asks over HTTP (RFC 3161 §3.4)."""

    def __init__(self, url: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._url = url

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
                answer = await client.post(self._url, content=req.dump(), headers={"Content-Type": _ASK})
                answer.raise_for_status()
        except httpx.HTTPError as error:
            raise TimeStampError from error
        if not answer.headers.get("Content-Type", "").startswith(_ANSWER):
            raise TimeStampError
        return tsp.TimeStampResp.load(answer.content)


class Stamping:
    """An authority and the roots that its certificate leads to."""

    def __init__(self, client: TimeStamper, roots: Sequence[bytes]) -> None:
        self.client = client
        self._roots = [x509.Certificate.load(each) for each in roots]

    def context(self, trusted: Sequence[x509.Certificate]) -> ValidationContext:
        """Return what certificates are held against: the roots, and what is trusted beside them.

        Revocation data is fetched from where the certificates say; it goes into the document.
        """
        return ValidationContext(trust_roots=[*self._roots, *trusted], allow_fetching=True, revocation_mode="soft-fail")


def open_stamping(settings: Settings) -> Stamping | None:
    """Return what the settings configure; raises KeyFileUnusableError."""
    if not settings.timestamp_url:
        return None
    return _opened(settings.timestamp_url, settings.timestamp_roots)


@lru_cache(maxsize=1)
def _opened(url: str, roots: Path) -> Stamping:
    # an authority remembers how long its answers are
    return Stamping(Authority(url), read_chain(roots))
