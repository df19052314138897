"""Who signs documents: a P-256 key and its certificate, both in the signer process.

The certificate is the authority's own from a certification service (电子签名法 第16条). Key, certificate and the chain behind
it stand in one PEM file, in this order.
An installation that has none yet certifies itself: readers then show the name as not verified, and our own verifier goes
by the pinned key all the same.
"""

from datetime import timedelta
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from certs.signing import KeyFileUnusableError, KeyName, LocalSigner, create_key_file, load_key_file
from certs.suites import Algorithm
from exam.core.clock import SystemClock

OWN_YEARS = 10
_BACK = timedelta(days=1)


class DocumentSigner(Protocol):
    """Port for whatever signs documents; `chain` are certificates in DER, the signer's own first."""

    @property
    def chain(self) -> tuple[bytes, ...]: ...
    @property
    def name(self) -> KeyName: ...
    def sign_document(self, attributes: bytes, covered: bytes) -> bytes:
        """Return 64 bytes over the signed attributes in DER; `covered` are the document's bytes whose digest they hold."""


class LocalDocumentSigner:
    """Signs with a key in this process, whatever it is asked."""

    def __init__(self, key: LocalSigner, chain: tuple[bytes, ...]) -> None:
        self.name, self.chain, self._key = KeyName(key.public, key.algorithm), chain, key

    def sign_document(self, attributes: bytes, covered: bytes) -> bytes:  # noqa: ARG002  # others look at them
        return self._key.sign(attributes)


def load_document_signer(path: Path) -> LocalDocumentSigner:
    """Read a file of the key and its certificates; raises KeyFileUnusableError, also where they do not belong together."""
    signer, chain = load_key_file(path), read_chain(path)
    if not chain or signer.algorithm is not Algorithm.ECDSA_P256 or public_of(chain[0]) != signer.public:
        raise KeyFileUnusableError(path=str(path), reason="certificate")
    return LocalDocumentSigner(signer, chain)


def create_document_file(path: Path, *, name: str) -> LocalDocumentSigner:
    """Write a new key with a certificate by itself, as `load_document_signer` reads them; raises FileExistsError."""
    create_key_file(path, Algorithm.ECDSA_P256)
    private = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise TypeError
    with path.open("ab") as file:
        file.write(own_certificate(private, name).public_bytes(serialization.Encoding.PEM))
    return load_document_signer(path)


def own_certificate(private: ec.EllipticCurvePrivateKey, name: str) -> x509.Certificate:
    """Return a certificate of a key by itself, for signing documents and nothing else."""
    now = SystemClock().now()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(private.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - _BACK)
    builder = builder.not_valid_after(now + timedelta(days=366 * OWN_YEARS))
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return builder.add_extension(_USES, critical=True).sign(private, hashes.SHA256())


def read_chain(path: Path) -> tuple[bytes, ...]:
    """Return the certificates of a PEM file in DER; raises KeyFileUnusableError."""
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise KeyFileUnusableError(path=str(path), reason="certificate") from error
    return tuple(each.public_bytes(serialization.Encoding.DER) for each in found)


def public_of(certificate: bytes) -> bytes:
    """Return the public key of a certificate as an uncompressed point; raises ValueError for other keys."""
    public = x509.load_der_x509_certificate(certificate).public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise ValueError  # noqa: TRY004  # what a file says is a value
    return public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


_USES = x509.KeyUsage(
    digital_signature=True,
    content_commitment=True,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
