"""The keys that sign credentials here, and the ring of public keys that verifiers get.

The private keys are files of the signer process, which signs for the others over a socket (`certs.desk`): one for
statements, files and the status list, and a P-256 one with its certificate for the PDF's own signature (`certs.pades`).
Without a socket, in tests, the process that makes the documents opens the files itself; production refuses that.
"""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path

import msgspec
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from certs.desk.client import RemoteDocumentSigner, RemoteSigner
from certs.models import SigningKey
from certs.pades.identity import DocumentSigner, LocalDocumentSigner, create_document_file, load_document_signer
from certs.signing import KeyName, KeyRing, LocalSigner, PublicKey, Signer, create_key_file, load_key_file
from certs.suites import Algorithm, PrivateKey, TokenPrivate, holds
from exam.core.config import Profile, Settings, SettingsError
from exam.core.ids import new_token
from exam.core.token_keys import Curve, create_token_key, is_token_address, open_token_key

KEY_FILE = Path("keys") / "credentials.pem"
DOCUMENT_FILE = Path("keys") / "documents.pem"
OWN_NAME = "安考演示证书"
"""Under which an installation without an authority's certificate certifies itself."""
KEY_MODULES = "ankao.keys"

_KEYS = text("select algorithm, issuer, public from certs_public_keys()")


def load_signer(settings: Settings) -> LocalSigner:
    """Open the signing key: a module's where `ANKAO_SIGNING_KEY` names one, else the file of `settings.data_dir`.

    A demo makes the file on its first use. Production refuses to invent a key: what it signed could be verified by nobody
    who pinned the real one.
    """
    if settings.signing_key:
        return LocalSigner(open_module_key(settings.signing_key))
    path = settings.data_dir / KEY_FILE
    if not path.exists():
        _refuse_to_invent(settings, KEY_FILE)
        return create_signing_key(settings)
    return load_key_file(path)


def load_documents(settings: Settings) -> LocalDocumentSigner:
    """Read the key and the certificate that sign documents, as `load_signer` does."""
    path = settings.data_dir / DOCUMENT_FILE
    if not path.exists():
        _refuse_to_invent(settings, DOCUMENT_FILE)
        return create_document_key(settings)
    return load_document_signer(path)


def _refuse_to_invent(settings: Settings, file: Path) -> None:
    if settings.profile is Profile.PRODUCTION:
        raise SettingsError(reason=f"{file} is missing in the data directory")


def create_signing_key(settings: Settings) -> LocalSigner:
    """Make the key that signs credentials, unless it is there, and return it; a token makes its own."""
    algorithm = Algorithm(settings.signing_algorithm)
    if is_token_address(settings.signing_key):
        return LocalSigner(TokenPrivate(create_token_key(settings.signing_key, _curve_of(algorithm))))
    if settings.signing_key:
        return LocalSigner(open_module_key(settings.signing_key))
    path = settings.data_dir / KEY_FILE
    _make_once(path, lambda fresh: create_key_file(fresh, algorithm))
    return load_key_file(path)


def create_document_key(settings: Settings) -> LocalDocumentSigner:
    """Make the key that signs documents with a certificate by itself, unless it is there, and return it."""
    path = settings.data_dir / DOCUMENT_FILE
    _make_once(path, lambda fresh: create_document_file(fresh, name=OWN_NAME))
    return load_document_signer(path)


def _curve_of(algorithm: Algorithm) -> Curve:
    try:
        return Curve(algorithm.value)
    except ValueError as error:
        reason = f"PKCS #11 has no mechanism for {algorithm}: a vendor's package opens such a key"
        raise SettingsError(reason=reason) from error


def _make_once(path: Path, make: Callable[[Path], object]) -> None:
    """Make a file that appears whole: the first process wins; a second one reads what the first has made."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{new_token()}")
    make(fresh)
    with suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()


def open_signer(settings: Settings) -> Signer:
    """Return whatever signs here; raises SignerAwayError, SettingsError and KeyFileUnusableError. The calls block."""
    if settings.signing_socket != Path():
        return RemoteSigner.open(settings.signing_socket)
    if settings.profile is Profile.PRODUCTION:
        raise SettingsError(reason="ANKAO_SIGNING_SOCKET is not set: only the signer process holds the credential key")
    return load_signer(settings)


def open_documents(settings: Settings) -> DocumentSigner:
    """Return whatever signs documents here; raises and blocks as `open_signer`."""
    if settings.signing_socket != Path():
        return RemoteDocumentSigner.open(settings.signing_socket)
    if settings.profile is Profile.PRODUCTION:
        raise SettingsError(reason="ANKAO_SIGNING_SOCKET is not set: only the signer process holds the document key")
    return load_documents(settings)


def open_module_key(address: str) -> PrivateKey:
    """Open a key that never leaves its module: `pkcs11:…` here, any other scheme by the package that offers it.

    A package offers it as an entry point of the group `ankao.keys`: a function from the address to a `PrivateKey`. So a
    signature server, a cloud's key service or a vendor's SM2 is a few lines that the operator installs beside the
    product. Raises SettingsError where no package offers the scheme.
    """
    if is_token_address(address):
        return TokenPrivate(open_token_key(address))
    scheme = address.partition(":")[0]
    for point in entry_points(group=KEY_MODULES, name=scheme):
        opened: PrivateKey = point.load()(address)
        return opened
    raise SettingsError(reason=f"no installed package offers {KEY_MODULES} {scheme}")


def prove_key(address: str) -> KeyName:
    """Let a key in a module sign random bytes; raises SettingsError where the signature does not hold, too."""
    key, message = open_module_key(address), secrets.token_bytes(32)
    if not holds(key.algorithm, key.public, message, key.sign(message)):
        raise SettingsError(reason="the signature does not hold under the module's own public key")
    return KeyName(key.public, key.algorithm)


async def publish_key(session: AsyncSession, key: PublicKey, *, at: datetime) -> None:
    """Enter a public key into the ring once, under the issuer's name of its first use."""
    await session.execute(
        insert(SigningKey)
        .values(
            key_id=key.key_id.hex(),
            algorithm=key.algorithm.value,
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
    return KeyRing(
        PublicKey(algorithm=Algorithm(algorithm), issuer=issuer, public=public) for algorithm, issuer, public in rows
    )


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
