"""The PDF's own signature: pyHanko's validator, which knows nothing of ours, agrees; no changed byte passes either check."""

import asyncio
import io
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation import PdfSignatureStatus, async_validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from certs.answers import Verdict
from certs.document import permit_pdf
from certs.envelope import find_qr_text, is_sealed, qr_attachment, seal_file
from certs.offline import check_file
from certs.pades.checking import DocumentState, check_document
from certs.pades.identity import DocumentSigner, LocalDocumentSigner, create_document_file, load_document_signer
from certs.pades.making import sign_document
from certs.pades.message import DocumentMalformedError, compose, read_message
from certs.pades.stamping import Authority, Stamping, TimeStampError
from certs.qr import encode_payload
from certs.signing import KeyFileUnusableError, KeyRing, LocalSigner, create_key_file
from certs.suites import Algorithm, generate_key
from tests.builders.documents import ISSUER, certificate_face, payload, signer

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> LocalDocumentSigner:
    return create_document_file(tmp_path_factory.mktemp("keys") / "documents.pem", name=ISSUER)


@pytest.fixture(scope="module")
def ring(documents: LocalDocumentSigner) -> KeyRing:
    return KeyRing([signer().pinned_as(ISSUER), documents.name.pinned_as(ISSUER)])


def drawn() -> bytes:
    face = certificate_face()
    return permit_pdf(face, attachments=(qr_attachment(face.qr_text),))


@pytest.fixture(scope="module")
def made(documents: LocalDocumentSigner) -> bytes:
    return seal_file(sign_document(drawn(), documents, issuer=ISSUER, at=NOW), signer())


def judged(pdf: bytes, *roots: bytes) -> PdfSignatureStatus:
    """Let pyHanko's own validator judge the one signature."""
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    context = ValidationContext(trust_roots=[asn1_x509.Certificate.load(root) for root in roots])
    return asyncio.run(async_validate_pdf_signature(signature, context, ts_validation_context=context))


def flipped(pdf: bytes, at: int) -> bytes:
    return pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]


def test_another_reader_finds_it_whole_trusted_and_final(made: bytes, documents: LocalDocumentSigner) -> None:
    status = judged(made, documents.chain[0])
    assert status.bottom_line
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    (signature,) = PdfFileReader(io.BytesIO(made)).embedded_signatures
    told = signature.sig_object
    assert (told["/SubFilter"], told["/Name"]) == ("/ETSI.CAdES.detached", ISSUER)
    assert signature.docmdp_level is not None
    assert signature.self_reported_timestamp == NOW.replace(microsecond=0)


def test_ours_agrees_and_the_statement_is_still_found(made: bytes, ring: KeyRing) -> None:
    assert (check_document(made, ring), is_sealed(made, ring)) == (DocumentState.GOOD, True)
    assert find_qr_text(made) == certificate_face().qr_text
    assert check_document(made, KeyRing([signer().pinned_as(ISSUER)])) is DocumentState.UNKNOWN_KEY
    assert check_document(drawn(), ring) is DocumentState.NONE


def test_no_changed_byte_passes(made: bytes, ring: KeyRing) -> None:
    start = made.rindex(b"/Contents <")
    end = made.index(b">", start)
    for at in [*range(0, len(made), 4801), *range(start - 200, end + 40, 61), *range(len(made) - 60, len(made), 7)]:
        changed = flipped(made, at)
        assert not is_sealed(changed, ring), at
        if not start + 10 < at < end:
            assert check_document(changed, ring) in {DocumentState.WRONG, DocumentState.NONE}, at
    for at in range(start, end, 13):
        assert check_document(flipped(made, at), ring)  # it answers, whatever the container says
    for changed in (made + b"\n", made[:-1], made + made[start:]):
        assert not is_sealed(changed, ring)
        assert check_document(changed, ring) is DocumentState.WRONG


Sealed = Callable[[Algorithm], tuple[bytes, KeyRing]]


@pytest.fixture(scope="module")
def sealed(documents: LocalDocumentSigner) -> Sealed:
    """Give a signed file of each algorithm: the key that seals it has signed the statement inside."""

    @cache
    def made_by(algorithm: Algorithm) -> tuple[bytes, KeyRing]:
        key = LocalSigner(generate_key(algorithm))
        ring = KeyRing([key.pinned_as(ISSUER), documents.name.pinned_as(ISSUER)])
        blank = permit_pdf(certificate_face(), attachments=(qr_attachment(encode_payload(payload(), key)),))
        pdf = seal_file(sign_document(blank, documents, issuer=ISSUER, at=NOW), key)
        assert check_file(pdf, ring, at=datetime(2027, 1, 1, tzinfo=UTC)).status is Verdict.AUTHENTIC
        return pdf, ring

    return made_by


@pytest.mark.parametrize("algorithm", list(Algorithm))
@settings(max_examples=6, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), mask=st.integers(1, 255))
def test_one_changed_byte_anywhere_is_refused_with_the_reason(
    sealed: Sealed, algorithm: Algorithm, place: float, mask: int
) -> None:
    pdf, ring = sealed(algorithm)
    at = int(place * len(pdf))
    said = check_file(pdf[:at] + bytes([pdf[at] ^ mask]) + pdf[at + 1 :], ring, at=NOW)
    assert said.status in {Verdict.ALTERED, Verdict.FORGED, Verdict.NOT_FOUND}
    assert said.reasons


def test_a_signature_of_another_certificate_is_not_the_issuers(
    documents: LocalDocumentSigner, ring: KeyRing, tmp_path: Path
) -> None:
    other = create_document_file(tmp_path / "other.pem", name=ISSUER)
    pdf = sign_document(drawn(), other, issuer=ISSUER, at=NOW)
    assert check_document(pdf, ring) is DocumentState.UNKNOWN_KEY
    mixed = LocalDocumentSigner(create_key_file(tmp_path / "mixed.pem"), documents.chain)
    assert check_document(sign_document(drawn(), mixed, issuer=ISSUER, at=NOW), ring) is DocumentState.WRONG


def test_key_and_certificate_must_belong_together(tmp_path: Path) -> None:
    one, other = tmp_path / "one.pem", tmp_path / "other.pem"
    create_document_file(one, name=ISSUER)
    create_document_file(other, name=ISSUER)
    certificate = b"-----BEGIN CERTIFICATE"
    mixed = one.read_bytes().split(certificate)[0] + certificate + other.read_bytes().split(certificate)[1]
    one.write_bytes(mixed)
    with pytest.raises(KeyFileUnusableError):
        load_document_signer(one)


class _Recording:
    """Keeps what a signer is asked."""

    def __init__(self, signer: LocalDocumentSigner) -> None:
        self.chain, self.name, self._signer = signer.chain, signer.name, signer
        self.asked: list[tuple[bytes, bytes]] = []

    def sign_document(self, attributes: bytes, covered: bytes) -> bytes:
        self.asked.append((attributes, covered))
        return self._signer.sign_document(attributes, covered)


def test_only_attributes_over_the_document_beside_them_are_read(documents: LocalDocumentSigner, tmp_path: Path) -> None:
    recording = _Recording(documents)
    asked_of: DocumentSigner = recording
    sign_document(drawn(), asked_of, issuer=ISSUER, at=NOW)
    ((attributes, covered),) = recording.asked
    own = documents.chain[0]
    assert read_message(compose(attributes, covered), own).covered == covered
    other = create_document_file(tmp_path / "other.pem", name=ISSUER).chain[0]
    for message, certificate in (
        (compose(attributes, covered + b" "), own),
        (compose(attributes, covered), other),
        (compose(attributes[:-1], covered), own),
        (compose(attributes + b"\0", covered), own),
        (compose(b"", covered), own),
        (b"", own),
    ):
        with pytest.raises(DocumentMalformedError):
            read_message(message, certificate)


def _certificate(
    key: rsa.RSAPrivateKey, name: str, issuer: x509.Certificate | None, by: rsa.RSAPrivateKey
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.subject if issuer else subject)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=90))
    builder = builder.add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    if issuer is not None:
        stamps = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(stamps, critical=True)
    return builder.sign(by, hashes.SHA256())


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


@pytest.fixture(scope="module")
def authority() -> Iterator[tuple[str, bytes]]:
    """Give a time-stamp authority on this machine, and its root."""
    root_key, key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    root = _certificate(root_key, "root", None, root_key)
    own = _certificate(key, "stamps", root, root_key)
    info = asn1_keys.PrivateKeyInfo.load(
        key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    stamper = DummyTimeStamper(asn1_x509.Certificate.load(_der(own)), info)

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
            answer = stamper.request_tsa_response(asked).dump()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", _der(root)
    server.shutdown()
    server.server_close()


def test_with_an_authority_the_file_holds_its_time_stamp_and_what_proves_it(
    documents: LocalDocumentSigner, ring: KeyRing, authority: tuple[str, bytes]
) -> None:
    url, root = authority
    stamping, before = Stamping(Authority(url), [root]), datetime.now(UTC)
    pdf = seal_file(sign_document(drawn(), documents, issuer=ISSUER, at=NOW, stamping=stamping), signer())
    status = judged(pdf, documents.chain[0], root)
    assert status.bottom_line
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert status.timestamp_validity is not None
    assert status.timestamp_validity.valid
    assert before - timedelta(seconds=1) <= status.timestamp_validity.timestamp <= datetime.now(UTC)
    reader = PdfFileReader(io.BytesIO(pdf))
    held = [each.get_object().data for each in reader.root["/DSS"]["/Certs"]]
    assert root in held
    assert (check_document(pdf, ring), is_sealed(pdf, ring)) == (DocumentState.GOOD, True)


def test_without_an_answer_nothing_is_made(documents: LocalDocumentSigner, authority: tuple[str, bytes]) -> None:
    stamping = Stamping(Authority("http://127.0.0.1:9/"), [authority[1]])
    with pytest.raises(TimeStampError):
        sign_document(drawn(), documents, issuer=ISSUER, at=NOW, stamping=stamping)
