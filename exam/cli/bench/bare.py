"""The bare libraries at the same work as `certs`: one PDF signature by pyHanko, one check by cryptography."""

import io
from datetime import timedelta

from asn1crypto import keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko_certvalidator.registry import SimpleCertificateStore

from exam.core.clock import SystemClock

MESSAGE = bytes(100)
"""As long as a QR's statement, about."""


class BareSigner:
    """Signs a PDF by pyHanko alone, with a fresh P-256 key under a certificate by itself."""

    def __init__(self) -> None:
        private, now = ec.generate_private_key(ec.SECP256R1()), SystemClock().now()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
        builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
        der = builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
        secret = private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        self._signer = SimpleSigner(asn1_x509.Certificate.load(der), keys.PrivateKeyInfo.load(secret), store)

    def sign(self, pdf: bytes) -> bytes:
        """Return the PDF with a PAdES signature."""
        told = PdfSignatureMetadata(field_name="S", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
        signed = sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), told, self._signer)
        return bytes(signed.getvalue())


class BareCheck:
    """Checks one Ed25519 signature."""

    def __init__(self) -> None:
        private = Ed25519PrivateKey.generate()
        self._public, self._signature = private.public_key(), private.sign(MESSAGE)

    def check(self) -> None:
        self._public.verify(self._signature, MESSAGE)
