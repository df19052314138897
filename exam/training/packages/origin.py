"""Where packages are served from, and the key in their addresses; pure.

A package is a stranger's script. It must not share an origin with pages on which people are logged in, so its files
come from another host, in a frame without popups, and the key in the address says for which host it was made:
under any other name, this system's own among them, the same address finds nothing.
"""

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import msgspec

from exam.core.errors import NotFoundError
from exam.training.packages.claim import seal, unseal

PREFIX: Final = "/package/"
VALID: Final = timedelta(hours=12)
OTHER_NAME: Final = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}
_PURPOSE: Final = b"ankao-package\x00"


class PackageKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be read: the files of a folder, at `origin`, in a frame of `home`, until a Unix second."""

    folder: str
    standard: str
    origin: str
    home: str
    until: int


def package_origin(package_url: str, page_url: str) -> str | None:
    """Return the origin of packages for a page at an address, None where there is none.

    Loopback has two names for one machine, which browsers keep apart: enough for a demonstration.
    """
    page = urlsplit(page_url)
    if package_url:
        return package_url if urlsplit(package_url).netloc != page.netloc else None
    other = OTHER_NAME.get(page.hostname or "")
    return f"{page.scheme}://{other}:{page.port}" if other and page.port else None


def mint_package(folder: str, standard: str, *, origin: str, page_url: str, at: datetime, secret: bytes) -> str:
    """Return the address under which a package's files are found."""
    page = urlsplit(page_url)
    key = PackageKey(
        folder=folder,
        standard=standard,
        origin=origin,
        home=f"{page.scheme}://{page.netloc}",
        until=int((at + VALID).timestamp()),
    )
    return f"{origin}{PREFIX}{seal(key, _PURPOSE, secret)}/"


def check_package(token: str, host: str, *, at: datetime, secret: bytes) -> PackageKey:
    """Return what a key opens; raises NotFoundError for one of another host, an old one, or one not made here."""
    key = unseal(token, PackageKey, _PURPOSE, secret)
    if urlsplit(key.origin).netloc != host or at.timestamp() > key.until:
        raise NotFoundError
    return key
