"""What stands on a certificate (证面), and what its layouts share: colours, labels, security pattern, watermark."""

import math
from datetime import date

import msgspec
from reportlab.lib.colors import Color

from exam.core.pdf.artwork import Etching, Point, Rgb, rosette
from exam.core.pdf.errors import GlyphMissingError
from exam.core.pdf.fonts import TEXT, missing_characters
from exam.core.pdf.sheet import About, Ink, Sheet

PERMIT_TITLE = "特种作业操作证"
COMPETENCE_TITLE = "安全生产知识和管理能力考核合格证"

CRIMSON, NAVY, GREY = Color(0.64, 0.08, 0.1), Color(0.1, 0.15, 0.26), Color(0.42, 0.44, 0.48)
WHITE, WARNING = Color(1, 1, 1), Color(0.96, 0.84, 0.84)
GOLD, LINE = Color(0.68, 0.53, 0.24), Color(0.78, 0.74, 0.64)
IVORY: Rgb = (0.995, 0.99, 0.972)
GOLD_LINE: Rgb = (0.76, 0.62, 0.34)
TEAL_LINE: Rgb = (0.36, 0.56, 0.58)
PALE_GOLD: Rgb = (0.93, 0.89, 0.78)
PALE_TEAL: Rgb = (0.84, 0.915, 0.905)

LABEL_INK = Ink(size=10.5, colour=GREY)
VALUE_INK = Ink(size=13, colour=NAVY, font=TEXT)
SMALL = Ink(size=7.6, colour=GREY)
SUBTITLE = Ink(size=9.5, colour=GOLD, spread=0.14)

CERTIFICATE_LABELS = {
    "holder": "姓名",
    "number": "证书编号",
    "category": "人员类别",
    "item": "资格类型",
    "employer": "工作单位",
    "first": "初次领证",
    "valid": "有效期限",
    "review": "复审期限",
}
PERMIT_LABELS = {
    "holder": "姓名",
    "sex": "性别",
    "number": "证号",
    "category": "作业类别",
    "item": "准操项目",
    "employer": "工作单位",
    "first": "初领日期",
    "valid": "有效期限",
    "review": "复审期限",
    "issuer": "发证机关",
    "issued": "发证日期",
}


class CertificateFace(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that stands on a certificate.

    `title` is the certificate's name, `category` 人员类别 or 作业类别, `item` 资格类型 or 准操项目, `number` the
    credential number in full (T + ID number for a permit, DOMAIN.md §1.8), `review_due_on` the last day for a review
    that is still to come, None where no review is asked for, `qr_text` from `certs.qr.encode_payload`, `photo` JPEG or PNG bytes. A demonstration or a draft says so in `watermark`.
    """

    title: str
    holder: str
    number: str
    sex: str
    category: str
    item: str
    employer: str = ""
    first_issued_on: date
    issued_on: date
    valid_from: date
    valid_until: date
    review_due_on: date | None = None
    issuer: str
    photo: bytes | None = None
    qr_text: str
    public_id: str
    rule_set_note: str
    watermark: str = ""


def day_text(day: date) -> str:
    """Return 2026年6月1日."""
    return f"{day.year}年{day.month}月{day.day}日"


def short_id(public_id: str) -> str:
    """Return the first eight characters in two groups, enough to tell copies apart over the phone."""
    return f"{public_id[:4]} {public_id[4:8]}"


def require_glyphs(face: CertificateFace) -> None:
    """Refuse a face with a character that no font of ours can draw; raises GlyphMissingError."""
    written = "".join(part for part in msgspec.structs.astuple(face) if isinstance(part, str))
    if missing := missing_characters(written):
        raise GlyphMissingError(characters=missing)


def about_of(face: CertificateFace) -> About:
    """Return what the file says of itself."""
    return About(title=face.title, author=face.issuer, subject=face.item, dated_on=face.issued_on)


def labelled(face: CertificateFace, names: dict[str, str]) -> list[tuple[str, str]]:
    """Pair labels with values, in the order of `names`; what is empty gets no line."""
    values = {
        "holder": face.holder,
        "sex": face.sex,
        "number": face.number,
        "category": face.category,
        "item": face.item,
        "employer": face.employer,
        "first": day_text(face.first_issued_on),
        "valid": f"{day_text(face.valid_from)} 至 {day_text(face.valid_until)}",
        "review": day_text(face.review_due_on) if face.review_due_on else "",
        "issued": day_text(face.issued_on),
        "issuer": face.issuer,
    }
    return [(label, values[name]) for name, label in names.items() if values[name]]


def write_label(sheet: Sheet, x: float, y: float, label: str, ink: Ink) -> None:
    """Write a label; two characters are set apart to the width of four, as printed forms do."""
    pair = len(label) == 2  # noqa: PLR2004
    sheet.text(x, y, label, msgspec.structs.replace(ink, spread=2.0) if pair else ink)


def write_watermark(sheet: Sheet, face: CertificateFace, middle: Point, *, size: float) -> None:
    """Write a demonstration's or a draft's word across a point, in points of letter size; without one nothing."""
    if face.watermark:
        ink = Ink(size=size, colour=WARNING, bold=True, spread=0.3, font=TEXT)
        sheet.slanted(*middle, face.watermark, ink, degrees=30)


def swell(x: float) -> float:
    """Return the height of the ground's waves over x."""
    return 1.6 * math.sin(x / 17) + 0.8 * math.sin(x / 7)


def medallion(art: Etching, centre: Point, radius: float) -> None:
    """Draw the rosettes in the middle of a ground."""
    art.ink(PALE_TEAL, 0.3)
    rosette(art, centre, inner=radius * 0.72, outer=radius, petals=36, strands=6)
    rosette(art, centre, inner=radius * 0.3, outer=radius * 0.62, petals=12, strands=12)
    art.ink(PALE_GOLD, 0.3)
    rosette(art, centre, inner=radius * 0.58, outer=radius * 0.78, petals=24, strands=6)
    rosette(art, centre, inner=radius * 0.04, outer=radius * 0.26, petals=8, strands=8)
