"""Printed documents for tests: their inputs, and readers that see them as a person or a program would."""

import io
from datetime import UTC, date, datetime
from typing import Any

import cv2
import msgspec
import numpy as np
import numpy.typing as npt
import pypdf
import pypdfium2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from certs.face import CertificateFace
from certs.qr import QrPayload, digest_photo, encode_payload
from certs.signing import LocalSigner
from certs.suites import Ed25519Private
from exam.sitting.ticket import AdmissionTicket

ISSUER = "浙江省应急管理厅"
ID_NUMBER = "440524188001010014"
TOKEN = "Qk3xN0aVbD7sT1yUw9LZ4A"
RARE = "欧阳䶮𬭳㛃"


def signer(seed: int = 1) -> LocalSigner:
    return LocalSigner(Ed25519Private(Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)))


def portrait(kind: str = "JPEG", size: tuple[int, int] = (413, 579), **save: Any) -> bytes:
    """Return a picture with some structure, as JPEG or PNG."""
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]]
    pixels = np.stack([rows % 251, columns % 241, (rows + columns) % 239], axis=-1).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind, **save)
    return out.getvalue()


def payload(**changes: Any) -> QrPayload:
    base = QrPayload(
        public_id=TOKEN,
        item="special.1.2",
        name_masked="欧**㛃",
        id_tail=ID_NUMBER[-4:],
        valid_from=date(2026, 6, 10),
        valid_until=date(2032, 6, 9),
        photo_digest=digest_photo(b"photo"),
    )
    return msgspec.structs.replace(base, **changes)


def certificate_face(**changes: Any) -> CertificateFace:
    base = CertificateFace(
        title="特种作业操作证",
        holder=RARE,
        number=f"T{ID_NUMBER}",
        sex="男",
        category="电工作业",
        item="低压电工作业",
        first_issued_on=date(2020, 6, 10),
        issued_on=date(2026, 6, 10),
        valid_from=date(2026, 6, 10),
        valid_until=date(2032, 6, 9),
        issuer=ISSUER,
        photo=portrait(),
        qr_text=encode_payload(payload(), signer(), base_url="https://cert.example.org"),
        public_id=TOKEN,
        rule_set_note="应急管理部令第19号，规则版本 2026-06-01",
    )
    return msgspec.structs.replace(base, **changes)


def admission_ticket(**changes: Any) -> AdmissionTicket:
    base = AdmissionTicket(
        candidate=RARE,
        id_masked="4405**********0014",
        photo=portrait(),
        number="2026061000127",
        qualification="低压电工作业（理论）",
        sitting="2026年6月特种作业人员安全技术考试（第3场）",
        starts_at=datetime(2026, 6, 10, 1, 0, tzinfo=UTC),
        ends_at=datetime(2026, 6, 10, 3, 0, tzinfo=UTC),
        centre="西湖区安全生产考试中心",
        address="浙江省杭州市西湖区 2 号楼 3 层",
        room="302",
        seat="A-17",
        organiser="杭州市应急管理局",
        secret=TOKEN,
    )
    return msgspec.structs.replace(base, **changes)


def text_of(pdf: bytes) -> str:
    """Return what copying the whole page out of a viewer gives."""
    document = pypdfium2.PdfDocument(pdf)
    text: str = document[0].get_textpage().get_text_range()
    document.close()
    return text.replace("\r\n", "\n")


def flat(text: str) -> str:
    """Return text without white space: what was wrapped or spaced out reads as it was put in."""
    return "".join(text.split())


def qr_of(pdf: bytes, box: tuple[float, float, float, float] | None = None, *, page: int = 0) -> str:
    """Return what a scanner reads on the page, or in a part of it: x, y, width, height in mm from the top left.

    It looks several times from different distances, as a camera does: OpenCV alone misses about one view in twenty.
    """
    document = pypdfium2.PdfDocument(pdf)
    views = (_view(document[page], dpi, box) for dpi in (150, 200, 250, 300, 120))
    read = next(filter(None, (cv2.QRCodeDetector().detectAndDecode(view)[0] for view in views)), "")
    document.close()
    return read


def _view(page: Any, dpi: int, box: tuple[float, float, float, float] | None) -> npt.NDArray[np.uint8]:
    whole = page.render(scale=dpi / 72, grayscale=True).to_numpy().squeeze()
    if box is not None:
        x, y, width, height = (round(length * dpi / 25.4) for length in box)
        whole = whole[y : y + height, x : x + width]
    return np.ascontiguousarray(whole)


def object_names(pdf: bytes) -> set[str]:
    """Return every dictionary key and name in the file, streams left closed."""
    found: set[str] = set()
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    for number in range(1, len(reader.xref[0]) + 1):
        _collect(reader.get_object(number), found)
    return found


def _collect(thing: Any, found: set[str]) -> None:
    if isinstance(thing, dict):
        found.update(thing)
        for value in thing.values():
            _collect(value, found)
    elif isinstance(thing, list):
        for value in thing:
            _collect(value, found)
    elif isinstance(thing, pypdf.generic.NameObject):
        found.add(thing)
