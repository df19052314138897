import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pypdf
import pypdfium2
import pytest

from certs.cards import card_pdf, card_sheets
from certs.document import certificate_pdf, permit_pdf
from certs.face import COMPETENCE_TITLE, CertificateFace, about_of, day_text, short_id
from certs.qr import decode_payload
from certs.signing import KeyRing
from exam.core.pdf.attachment import Attachment
from exam.core.pdf.errors import GlyphMissingError, PhotoTooLargeError, PhotoUnreadableError
from exam.core.pdf.fonts import TEXT, install_fonts
from exam.core.pdf.layout import fit
from exam.core.pdf.sheet import A4, render_sheets
from tests.builders.documents import (
    ID_NUMBER,
    ISSUER,
    RARE,
    TOKEN,
    certificate_face,
    flat,
    object_names,
    payload,
    portrait,
    qr_of,
    signer,
    text_of,
)

GOLDEN = Path(__file__).parent / "golden"
LAYOUTS = pytest.mark.parametrize("layout", [certificate_pdf, permit_pdf])
ENTERPRISE = "杭州钱塘江畔危险化学品仓储物流与工业气体充装供应链管理服务股份有限公司西湖分公司"
UYGHUR = "阿卜杜热合曼江·买买提艾力·库尔班江"

Layout = Callable[..., bytes]


def principal(**changes: object) -> CertificateFace:
    return certificate_face(
        title="安全生产知识和管理能力考核合格证",
        category="主要负责人",
        item="危险化学品经营单位",
        number=ID_NUMBER,
        employer="钱塘化工原料贸易有限公司",
        **changes,
    )


def test_the_certificate_reads_as_it_should() -> None:
    expected = (GOLDEN / "certificate.txt").read_text(encoding="utf-8")
    assert text_of(certificate_pdf(principal())).strip() == expected.strip()


def test_the_permit_reads_as_it_should() -> None:
    expected = (GOLDEN / "permit.txt").read_text(encoding="utf-8")
    assert text_of(permit_pdf(certificate_face())).strip() == expected.strip()


@LAYOUTS
@pytest.mark.parametrize("holder", [RARE, UYGHUR, "李", "古丽" * 24 + "·娜"])
def test_any_name_is_copied_out_whole(layout: Layout, holder: str) -> None:
    assert holder in flat(text_of(layout(certificate_face(holder=holder))))


@LAYOUTS
def test_rare_characters_survive_another_reader_too(layout: Layout) -> None:
    pdf = layout(certificate_face())
    assert RARE in flat(pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text())


@LAYOUTS
def test_an_enterprise_name_of_forty_characters_is_printed_whole(layout: Layout) -> None:
    assert len(ENTERPRISE) >= 40
    assert ENTERPRISE in flat(text_of(layout(certificate_face(employer=ENTERPRISE))))


@LAYOUTS
def test_every_date_and_the_number_are_on_the_page(layout: Layout) -> None:
    face = certificate_face(review_due_on=date(2029, 6, 10))
    text = flat(text_of(layout(face)))
    for day in (face.first_issued_on, face.issued_on, face.valid_until, date(2029, 6, 10)):
        assert day_text(day) in text
    assert f"T{ID_NUMBER}" in text


@LAYOUTS
def test_a_rule_set_without_review_prints_no_review_line(layout: Layout) -> None:
    assert "复审" not in text_of(layout(certificate_face(review_due_on=None)))


@LAYOUTS
def test_the_page_says_that_it_is_not_the_national_certificate(layout: Layout) -> None:
    text = flat(text_of(layout(certificate_face())))
    assert "国家级电子证照以国务院应急管理部门签发的为准" in text
    assert "省级" in text


@LAYOUTS
def test_the_printed_qr_scans_and_its_signature_holds(layout: Layout) -> None:
    box = (224.0, 66.0, 43.0, 43.0) if layout is certificate_pdf else (108.0, 65.0, 43.0, 43.0)
    scanned = qr_of(layout(certificate_face()), box)
    statement = decode_payload(scanned, KeyRing([signer().pinned_as(ISSUER)]))
    assert (statement.payload, statement.issuer) == (payload(), ISSUER)


@LAYOUTS
def test_equal_faces_give_equal_bytes(layout: Layout) -> None:
    assert layout(certificate_face()) == layout(certificate_face())


@LAYOUTS
def test_one_changed_character_changes_the_file(layout: Layout) -> None:
    assert layout(certificate_face()) != layout(certificate_face(holder=RARE[:-1]))


@LAYOUTS
def test_the_file_holds_no_script_and_no_foreign_font(layout: Layout) -> None:
    names = object_names(layout(certificate_face()))
    assert not names & {"/JavaScript", "/JS", "/OpenAction", "/AA", "/Launch", "/AcroForm", "/URI", "/Helvetica"}


@LAYOUTS
@pytest.mark.parametrize("photo", [b"not a picture", portrait()[:900], b""])
def test_a_photo_of_wrong_bytes_is_refused_by_name(layout: Layout, photo: bytes) -> None:
    with pytest.raises(PhotoUnreadableError):
        layout(certificate_face(photo=photo))


@LAYOUTS
def test_an_oversized_photo_is_refused_by_name(layout: Layout) -> None:
    with pytest.raises(PhotoTooLargeError):
        layout(certificate_face(photo=bytes(6 * 1024 * 1024)))


@LAYOUTS
def test_a_failed_document_does_not_disturb_the_next(layout: Layout) -> None:
    before = layout(certificate_face())
    with pytest.raises(PhotoUnreadableError):
        layout(certificate_face(photo=b"wrong"))
    assert layout(certificate_face()) == before


@LAYOUTS
def test_without_a_photo_the_frame_says_so(layout: Layout) -> None:
    assert "未采集照片" in text_of(layout(certificate_face(photo=None)))
    assert "未采集照片" not in text_of(layout(certificate_face()))


@LAYOUTS
def test_a_name_that_cannot_be_printed_is_not_printed_wrong(layout: Layout) -> None:
    with pytest.raises(GlyphMissingError) as caught:
        layout(certificate_face(holder="王\U000f0001"))
    assert caught.value.fields == {"characters": "\U000f0001"}


@LAYOUTS
def test_a_demonstration_is_marked(layout: Layout) -> None:
    assert "演示" in flat(text_of(layout(certificate_face(watermark="演示"))))


@LAYOUTS
def test_the_log_proof_travels_inside(layout: Layout) -> None:
    proof = Attachment("proof.txt", "text/plain", b"c2sp.org/tlog-proof@v1\n")
    carried = pypdf.PdfReader(io.BytesIO(layout(certificate_face(), attachments=(proof,)))).attachments
    assert carried == {"proof.txt": [proof.content]}


def test_the_short_id_is_the_head_of_the_public_id() -> None:
    assert short_id(TOKEN) == "Qk3x N0aV"


def competence(**changes: object) -> CertificateFace:
    return certificate_face(
        **{"title": COMPETENCE_TITLE, "category": "安全生产管理人员", "item": "一般生产经营单位", **changes}
    )


@pytest.mark.parametrize("face", [certificate_face(holder=UYGHUR), competence(holder=RARE)])
def test_a_card_says_what_the_certificate_says_and_scans(face: CertificateFace) -> None:
    pages = pypdf.PdfReader(io.BytesIO(card_pdf(face))).pages
    front, back = (flat(page.extract_text()) for page in pages)
    for part in (face.title, face.holder, face.number, face.item, face.issuer, day_text(face.valid_until)):
        assert part in front
    assert "持证须知" in back
    assert qr_of(card_pdf(face), page=1) == face.qr_text


def test_a_card_is_cut_at_the_size_of_the_standard_within_its_bleed() -> None:
    page = pypdf.PdfReader(io.BytesIO(card_pdf(certificate_face()))).pages[0]
    millimetres = [
        [round(float(length) * 25.4 / 72, 1) for length in (box.width, box.height)]
        for box in (page.trimbox, page.bleedbox)
    ]
    assert millimetres == [[85.6, 54.0], [91.6, 60.0]]


def test_sheets_carry_eight_cards_and_their_backs_lie_behind_them() -> None:
    faces = [competence(public_id=f"{place:08d}", holder=f"持证人{place}") for place in range(9)]
    pages = card_sheets(faces)
    pdf = render_sheets(A4, about_of(faces[0]), pages)
    read = pypdfium2.PdfDocument(pdf)
    assert len(read) == 4
    wide, _ = read[0].get_size()
    for face in faces[:2]:
        front, back = _across(read[0], face.holder), _across(read[1], short_id(face.public_id))
        assert (front < wide / 2) == (back > wide / 2)
    assert "持证人8" in read[2].get_textpage().get_text_range()


def _across(page: pypdfium2.PdfPage, words: str) -> float:
    text = page.get_textpage()
    index, _ = text.search(words).get_next()
    left: float = text.get_charbox(index)[0]
    return left


def test_a_long_name_breaks_near_its_middle() -> None:
    install_fonts()
    lines = fit(ENTERPRISE, TEXT, 13, 112 * 72 / 25.4, max_lines=2).lines
    assert "".join(lines) == ENTERPRISE
    assert abs(len(lines[0]) - len(lines[1])) <= 4
