"""The key that signs credentials here, and the ring of public keys that verifiers get.

The private key is a file of the signer process, which signs for the others over a socket (`certs.desk`). Without a
socket, in tests, the process that makes the documents opens the file itself; production refuses that.
"""

import os
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from certs.desk.client import RemoteSigner
from certs.models import SigningKey
from certs.signing import Ed25519Signer, KeyRing, PublicKey, Signer, create_key_file, load_key_file
from exam.core.config import Profile, Settings, SettingsError
from exam.core.ids import new_token

KEY_FILE = Path("keys") / "credentials.pem"

_KEYS = text("select issuer, public from certs_public_keys()")


def load_signer(settings: Settings) -> Ed25519Signer:
    """Read the signing key of `settings.data_dir`, making one on the first use of a demo.

    Production refuses to invent a key: what it signed could be verified by nobody who pinned the real one.
    """
    path = settings.data_dir / KEY_FILE
    if not path.exists():
        if settings.profile is Profile.PRODUCTION:
            raise SettingsError(reason=f"{KEY_FILE} is missing in the data directory")
        return create_signing_key(settings)
    return load_key_file(path)


def create_signing_key(settings: Settings) -> Ed25519Signer:
    """Make the key that signs credentials, unless it is there, and return it."""
    path = settings.data_dir / KEY_FILE
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{new_token()}")
    create_key_file(fresh)
    try:
        os.link(fresh, path)  # the first process wins; a second one reads what the first has made
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return load_key_file(path)


def open_signer(settings: Settings) -> Signer:
    """Return whatever signs here; raises SignerAwayError, SettingsError and KeyFileUnusableError. The calls block."""
    if settings.signing_socket != Path():
        return RemoteSigner.open(settings.signing_socket)
    if settings.profile is Profile.PRODUCTION:
        raise SettingsError(reason="ANKAO_SIGNING_SOCKET is not set: only the signer process holds the credential key")
    return load_signer(settings)


async def publish_key(session: AsyncSession, key: PublicKey, *, at: datetime) -> None:
    """Enter a public key into the ring once, under the issuer's name of its first use."""
    await session.execute(
        insert(SigningKey)
        .values(
            key_id=key.key_id.hex(),
            algorithm=key.algorithm,
            public=key.public,
            issuer=key.issuer,
            active_from=at,
        )
        .on_conflict_do_nothing(index_elements=["key_id"]),
    )


async def is_published(session: AsyncSession, key_id: bytes) -> bool:
    """Tell whether a public key stands in the ring."""
    return await session.scalar(select(SigningKey.key_id).where(SigningKey.key_id == key_id.hex())) is not None


async def published_ring(session: AsyncSession) -> KeyRing:
    """Return every key that ever signed here, as the public role sees them."""
    rows = await session.execute(_KEYS)
    return KeyRing(PublicKey(issuer=issuer, public=public) for issuer, public in rows)


def read_ring(data: bytes) -> KeyRing:
    """Read a pinned key file; raises KeyRingMalformedError."""
    return KeyRing.from_json(data)


class Fingerprint(msgspec.Struct, frozen=True):
    """A key as a person compares it over the phone: the id in groups of four."""

    issuer: str
    key_id: str


def fingerprints(ring: KeyRing) -> list[Fingerprint]:
    """Return the ring's keys for a page."""
    return [Fingerprint(key.issuer, grouped(key.key_id.hex())) for key in ring.keys]


def grouped(key_id: str) -> str:
    """Return 1a2b 3c4d …, as one reads it out."""
    return " ".join(key_id[at : at + 4] for at in range(0, len(key_id), 4))
