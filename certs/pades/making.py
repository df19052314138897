"""Signing a PDF by pyHanko: PAdES B-B, and B-LT where a time-stamp authority is configured.

The document is certified as final (DocMDP level 1). What B-LT adds, certificates and their revocation data, stands in the
same revision, so that the signature covers the file to its last byte. The container keeps a place for the seal of
`certs.envelope` among the unsigned attributes.
"""

import asyncio
import io
from datetime import datetime
from typing import Any

from asn1crypto import cms, core, x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest
from pyhanko.sign.signers.pdf_signer import DSSContentSettings, SigDSSPlacementPreference
from pyhanko_certvalidator.registry import SimpleCertificateStore

from certs.envelope import SEAL_BYTES, SEAL_OID
from certs.pades.identity import DocumentSigner
from certs.pades.stamping import Stamping
from certs.suites import SIGNATURE_BYTES

DIGEST = "sha256"
_HALF = SIGNATURE_BYTES // 2
_FIELD = "Issuer"


def sign_document(
    pdf: bytes, documents: DocumentSigner, *, issuer: str, at: datetime, stamping: Stamping | None = None
) -> bytes:
    """Return the PDF with its signature, and with a time stamp and what proves it where there is a `stamping`.

    Blocks, and raises what the signer raises and TimeStampError.
    """
    return asyncio.run(_sign(pdf, documents, issuer, at, stamping))


async def _sign(pdf: bytes, signer: DocumentSigner, issuer: str, at: datetime, stamping: Stamping | None) -> bytes:
    container, stamper = _Container(signer), stamping.client if stamping else None
    with_pdf = PdfSigner(_metadata(issuer, container, stamping), container, timestamper=stamper)
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    session = with_pdf.init_signing_session(writer)
    session.system_time = at
    proof = await session.perform_presign_validation(writer)
    reserved = await session.estimate_signature_container_size(validation_info=proof)
    document = session.prepare_tbs_document(validation_info=proof, bytes_reserved=reserved)
    out = io.BytesIO()
    prepared, _ = document.digest_tbs_document(output=out)
    covered = _covered(out.getvalue(), prepared)
    attributes = await container.signed_attrs(prepared.document_digest, DIGEST, use_pades=True)
    container.value = signer.sign_document(attributes.dump(), covered)
    made = await container.async_sign_prescribed_attributes(DIGEST, attributes, timestamper=stamper)
    prepared.fill_with_cms(out, made)
    return out.getvalue()


def _metadata(issuer: str, container: Signer, stamping: Stamping | None) -> PdfSignatureMetadata:
    more: dict[str, Any] = {}
    if stamping:
        placement = SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE
        settings = DSSContentSettings(include_vri=False, placement=placement)
        context = stamping.context([container.signing_cert])
        more = {"embed_validation_info": True, "validation_context": context, "dss_settings": settings}
    return PdfSignatureMetadata(
        field_name=_FIELD,
        md_algorithm=DIGEST,
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        name=issuer,
        **more,
    )


def _covered(data: bytes, prepared: PreparedByteRangeDigest) -> bytes:
    return data[: prepared.reserved_region_start] + data[prepared.reserved_region_end :]


class _Container(Signer):
    """Packs a signature that was made elsewhere, with the place of the seal."""

    def __init__(self, signer: DocumentSigner) -> None:
        own, *others = (x509.Certificate.load(each) for each in signer.chain)
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register_multiple(others)
        super().__init__(signing_cert=own, cert_registry=store, embed_roots=True)
        self.value = bytes(SIGNATURE_BYTES)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: ARG002, FBT001, FBT002  # pyHanko's own form
        if dry_run:
            return bytes(SIGNATURE_BYTES + 8)
        return encode_dss_signature(int.from_bytes(self.value[:_HALF]), int.from_bytes(self.value[_HALF:]))

    async def unsigned_attrs(self, *args: Any, **options: Any) -> cms.CMSAttributes:
        """Return pyHanko's own attributes, the time stamp, and the place of the seal."""
        others = await super().unsigned_attrs(*args, **options) or []
        place = cms.CMSAttribute({"type": SEAL_OID, "values": [core.OctetString(bytes(SEAL_BYTES))]})
        return cms.CMSAttributes([*others, place])
