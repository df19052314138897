"""The OFD copy: valid by the standard's element rules, the same words as on paper, the same bytes twice, whole or refused."""

import io
import zipfile
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree  # type: ignore[import-untyped]  # lxml has no types
from PIL import Image, ImageDraw, ImageFont

from certs.answers import Verdict
from certs.copies import draw_ofd
from certs.envelope import read_upload, seal_file
from certs.face import COMPETENCE_TITLE, PERMIT_TITLE, CertificateFace
from certs.offline import check_file
from certs.qr import encode_payload
from certs.signing import KeyRing, LocalSigner
from certs.suites import Algorithm, generate_key
from tests.builders.documents import ISSUER, certificate_face, payload, portrait
from tests.builders.ofd import NAMESPACE, OfdInvalidError, validate

NOW = datetime(2027, 1, 1, tzinfo=UTC)
LONG = "阿卜杜热合曼·买买提吐尔逊·艾合买提江"
LAYOUTS = pytest.mark.parametrize("title", [COMPETENCE_TITLE, PERMIT_TITLE])


def face_with(**changes: object) -> CertificateFace:
    return certificate_face(employer="浙江省安全生产科学技术研究院<甲&乙>" * 2, **changes)


@LAYOUTS
@pytest.mark.parametrize("changes", [{"photo": portrait()}, {"photo": None, "watermark": "演示", "holder": LONG}])
def test_a_copy_is_valid_and_the_same_twice(title: str, changes: dict[str, object]) -> None:
    face = face_with(title=title, **changes)
    data = draw_ofd(face)
    assert draw_ofd(face) == data
    files = validate(data)
    assert ("Doc_0/Res/Image_0.jpg" in files) is (changes["photo"] is not None)
    page = etree.fromstring(files["Doc_0/Pages/Page_0/Content.xml"])
    words = "".join(each.text or "" for each in page.iter(f"{NAMESPACE}TextCode"))
    assert {face.number, face.issuer, *face.holder} <= {face.number, face.issuer, *words}
    assert face.number in words
    assert face.employer.replace(" ", "")[:12] in words


def test_the_font_inside_draws_the_rare_characters() -> None:
    face = certificate_face()
    program = validate(plain())["Doc_0/Res/Font_0.ttf"]
    assert len(program) < 200_000
    font = ImageFont.truetype(io.BytesIO(program), 64)
    drawn = set()
    for character in f"{face.holder}囗":
        picture = Image.new("L", (90, 90))
        ImageDraw.Draw(picture).text((5, 5), character, font=font, fill=255)
        assert picture.getbbox()
        drawn.add(picture.tobytes())
    assert len(drawn) == len(face.holder) + 1  # none of them is the box that stands for what is missing


@cache
def plain() -> bytes:
    return draw_ofd(certificate_face())


@cache
def sealed(algorithm: Algorithm) -> tuple[bytes, KeyRing]:
    """Return a copy whose statement and seal are of one key, and the ring that knows it."""
    key = LocalSigner(generate_key(algorithm))
    code = encode_payload(payload(), key)
    drawn = draw_ofd(certificate_face(title=COMPETENCE_TITLE, qr_text=code))
    data, ring = seal_file(drawn, key), KeyRing([key.pinned_as(ISSUER)])
    assert check_file(read_upload(data), ring, at=NOW).status is Verdict.AUTHENTIC
    return data, ring


@pytest.mark.parametrize("algorithm", list(Algorithm))
@settings(max_examples=8, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), mask=st.integers(1, 255))
def test_one_changed_byte_anywhere_is_refused_with_the_reason(algorithm: Algorithm, place: float, mask: int) -> None:
    data, ring = sealed(algorithm)
    at = int(place * len(data))
    changed = data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]
    said = check_file(changed, ring, at=NOW)
    assert said.status in {Verdict.ALTERED, Verdict.FORGED, Verdict.NOT_FOUND}
    assert said.reasons


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("OFD.xml", 'DocType="OFD"', 'DocType="PDF"'),
        ("OFD.xml", "Doc_0/Document.xml", "Doc_1/Document.xml"),
        ("Doc_0/Document.xml", "<ofd:MaxUnitID>", "<ofd:MaxUnitID>1</ofd:MaxUnitID><ofd:MaxUnitID>"),
        ("Doc_0/Document.xml", "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>", ""),
        ("Doc_0/PublicRes.xml", ' ID="1"', ' ID="7"'),
        ("Doc_0/Pages/Page_0/Content.xml", ' ID="11"', ' ID="10"'),
        ("Doc_0/Pages/Page_0/Content.xml", "<ofd:AbbreviatedData>M ", "<ofd:AbbreviatedData>M 1 "),
        ("Doc_0/Pages/Page_0/Content.xml", ' Boundary="', ' Bounds="'),
    ],
)
def test_the_validator_finds_what_is_wrong(file: str, old: str, new: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain())) as made, zipfile.ZipFile(out, "w") as broken:
        for name in made.namelist():
            text = made.read(name)
            assert name != file or old.encode() in text
            broken.writestr(name, text.replace(old.encode(), new.encode(), 1) if name == file else text)
    with pytest.raises(OfdInvalidError):
        validate(out.getvalue())
