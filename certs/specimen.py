"""Specimens (样张): certificates of nobody under a key that nobody has pinned, for looking at the layout and measuring it."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from certs.copies import draw_ofd
from certs.document import certificate_pdf
from certs.envelope import qr_attachment, seal_file
from certs.face import CertificateFace
from certs.pades.identity import LocalDocumentSigner, create_document_file
from certs.pades.making import sign_document
from certs.qr import QrPayload, decode_payload, encode_payload
from certs.signing import KeyRing, LocalSigner
from certs.suites import Ed25519Private
from exam.core.clock import SystemClock
from exam.core.ids import new_token

ISSUER = "样张"
HOLDER = "张安宁"
_FROM, _UNTIL = date(2026, 1, 1), date(2028, 12, 31)


class SpecimenPress:
    """Makes specimens one after the other, each with an id and a number of its own."""

    def __init__(self) -> None:
        self._signer = LocalSigner(Ed25519Private.generate())
        self._documents = _own_documents()
        self._ring = KeyRing([self._signer.pinned_as(ISSUER)])
        self._made = 0

    def qr_text(self) -> str:
        """Return the signed text of a fresh QR."""
        payload = QrPayload(
            public_id=new_token(),
            item="officer.general",
            name_masked="张*宁",
            id_tail="0012",
            valid_from=_FROM,
            valid_until=_UNTIL,
        )
        return encode_payload(payload, self._signer)

    def check_qr(self, text: str) -> str:
        """Return the issuer under whose key a text was signed; raises as `certs.qr.decode_payload`."""
        return decode_payload(text, self._ring).issuer

    def pdf(self) -> bytes:
        """Return an unsigned certificate of competence, drawn in full: subset face, QR and attachment."""
        face = self._face()
        return certificate_pdf(face, attachments=(qr_attachment(face.qr_text),))

    def ofd(self) -> bytes:
        """Return the OFD copy of a specimen with its seal."""
        return seal_file(draw_ofd(self._face()), self._signer)

    def _face(self) -> CertificateFace:
        self._made += 1
        text = self.qr_text()
        return CertificateFace(
            title="安全生产知识和管理能力考核合格证",
            holder=HOLDER,
            number=f"B3301062026{self._made:06d}",
            sex="男",
            category="安全生产管理人员",
            item="一般生产经营单位安全生产管理人员",
            employer="",
            first_issued_on=_FROM,
            issued_on=_FROM,
            valid_from=_FROM,
            valid_until=_UNTIL,
            issuer=ISSUER,
            qr_text=text,
            public_id=text[-20:],
            rule_set_note="",
            watermark=ISSUER,
        )

    def sign(self, pdf: bytes) -> bytes:
        """Return a specimen with the PDF's signature and the seal in it."""
        signed = sign_document(pdf, self._documents, issuer=ISSUER, at=SystemClock().now())
        return seal_file(signed, self._signer)


def _own_documents() -> LocalDocumentSigner:
    with TemporaryDirectory() as folder:
        return create_document_file(Path(folder) / "documents.pem", name=ISSUER)
