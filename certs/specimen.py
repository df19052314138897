"""Specimens (样张): certificates of nobody under a key that nobody has pinned, for looking at the layout and measuring it."""

from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certs.document import CertificateFace, certificate_pdf
from certs.envelope import qr_attachment, seal_file
from certs.qr import QrPayload, decode_payload, encode_payload
from certs.signing import Ed25519Signer, KeyRing
from exam.core.ids import new_token

ISSUER = "样张"
HOLDER = "张安宁"
_FROM, _UNTIL = date(2026, 1, 1), date(2028, 12, 31)


class SpecimenPress:
    """Makes specimens one after the other, each with an id and a number of its own."""

    def __init__(self) -> None:
        self._signer = Ed25519Signer(Ed25519PrivateKey.generate())
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
        self._made += 1
        text = self.qr_text()
        face = CertificateFace(
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
        return certificate_pdf(face, attachments=(qr_attachment(text),))

    def seal(self, pdf: bytes) -> bytes:
        """Return a specimen with its signature behind it."""
        return seal_file(pdf, self._signer)
