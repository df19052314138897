"""Card format (卡片, ISO/IEC 7810 ID-1) of permit and certificate: both sides, alone or in sheets, ready for the printer.

Every card's ground runs 3 mm over its edge (出血) and crop marks stand outside. Lengths in millimetres.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial

from certs.face import (
    COMPETENCE_TITLE,
    CRIMSON,
    GOLD,
    GREY,
    LINE,
    NAVY,
    PALE_TEAL,
    PERMIT_LABELS,
    CertificateFace,
    about_of,
    labelled,
    medallion,
    require_glyphs,
    short_id,
    swell,
    write_label,
    write_watermark,
)
from exam.core.pdf.artwork import Artwork, Etching, Rgb, waves
from exam.core.pdf.fonts import TEXT
from exam.core.pdf.sheet import A4, Ink, Point, Sheet, render_sheets

CARD = (85.6, 54.0)
"""ISO/IEC 7810 ID-1."""
BLEED, MARK = 3.0, 4.0
"""How far the ground runs over the edge, and the length of a crop mark outside it."""
MARGIN = BLEED + MARK + 1
COLUMNS, ROWS = 2, 4
PER_SHEET = COLUMNS * ROWS

_GROUND: Rgb = (0.965, 0.985, 0.98)
_SUBTITLES = {COMPETENCE_TITLE: "CERTIFICATE OF COMPETENCE IN WORK SAFETY"}
_LABELS = {name: label for name, label in PERMIT_LABELS.items() if name not in {"employer", "issued"}}
_COMPETENCE_LABELS = _LABELS | {"number": "编号", "category": "人员类别", "item": "资格类型", "first": "初次领证"}
_HOLDER_RULES = (
    "1. 本证限持证人本人使用。伪造、涂改、转借、出租、转让均属违法。",
    "2. 上岗作业时携带本证，或出示电子证照。",
    "3. 请在有效期届满前，按规定申请延续或换证。",
    "4. 信息有误、遗失或被冒用的，请及时告知发证机关。",
)

Side = Callable[[Sheet, CertificateFace, float, float], None]


def card_pdf(face: CertificateFace) -> bytes:
    """Return a card's two sides on two pages with trim box, bleed and crop marks; raises as `certificate_pdf`."""
    require_glyphs(face)
    size = (CARD[0] + 2 * MARGIN, CARD[1] + 2 * MARGIN)
    return render_sheets(size, about_of(face), [partial(_alone, face, side) for side in (card_front, card_back)])


def card_sheets(faces: Sequence[CertificateFace]) -> list[Callable[[Sheet], None]]:
    """Return the A4 pages of many cards, eight to a sheet: the fronts, then their backs mirrored for the long edge."""
    pages: list[Callable[[Sheet], None]] = []
    for first in range(0, len(faces), PER_SHEET):
        some = faces[first : first + PER_SHEET]
        pages += [partial(_many, some, card_front, mirrored=False), partial(_many, some, card_back, mirrored=True)]
    return pages


def card_front(sheet: Sheet, face: CertificateFace, x: float, y: float) -> None:
    """Draw the side with the photo, its top left corner at (x, y)."""
    competence = face.title == COMPETENCE_TITLE
    title = Ink(size=13, colour=CRIMSON, bold=True, spread=0.02 if competence else 0.1)
    sheet.fitted(x + 5, y + 9.2, face.title, title, width=54 if competence else 52)
    subtitle = _SUBTITLES.get(face.title, "SPECIAL OPERATIONS PERMIT")
    sheet.text(x + 5, y + 12.8, subtitle, Ink(size=4.8, colour=GOLD, spread=0.1))
    sheet.photo((x + 60.6, y + 6, 20, 28), face.photo, frame=LINE)
    rows = labelled(face, _COMPETENCE_LABELS if competence else _LABELS)
    pitch = min(4.5, 33 / (len(rows) - 1))
    for number, (label, value) in enumerate(rows):
        at = y + 18.4 + number * pitch
        write_label(sheet, x + 5, at, label, Ink(size=6.2, colour=GREY))
        beside_photo = at < y + 36
        ink = Ink(size=7.4, colour=NAVY, font=TEXT)
        sheet.fitted(x + 17, at, value, ink, width=42 if beside_photo else 63, max_lines=2)


def card_back(sheet: Sheet, face: CertificateFace, x: float, y: float) -> None:
    """Draw the side with the QR and the holder's duties, its top left corner at (x, y)."""
    side = 40.0
    sheet.qr(x + 4.5, y + 4.5, side, face.qr_text)
    code = Ink(size=6.4, colour=GREY, font=TEXT)
    sheet.text(x + 4.5 + side / 2, y + 49, short_id(face.public_id), code, align=0.5)
    left, at = x + 47.5, y + 9.5
    sheet.text(left, at, "持证须知", Ink(size=8, colour=CRIMSON, bold=True, spread=0.1))
    for rule in _HOLDER_RULES:
        at = sheet.paragraph(left, at + 5.2, rule, Ink(size=5.8, colour=NAVY), width=34, leading=1.4) - 3.6
    sheet.text(left, y + 49, "副本由省级系统生成", Ink(size=5.4, colour=GREY))


@lru_cache(maxsize=1)
def card_art() -> Artwork:
    """Return the ground of a card that is cut out of a page along a printed line."""
    wide, high = CARD
    art = Etching(wide, high)
    art.fill(_GROUND, 0.4, 0.4, wide - 0.8, high - 0.8)
    _pattern(art, (1, 0, wide - 2, high), (wide * 0.42, high * 0.46))
    return art.finish("card")


@lru_cache(maxsize=1)
def _bleed_art() -> Artwork:
    wide, high = CARD[0] + 2 * BLEED, CARD[1] + 2 * BLEED
    art = Etching(wide, high)
    art.fill(_GROUND, 0, 0, wide, high)
    _pattern(art, (0, 0, wide, high), (BLEED + CARD[0] * 0.42, BLEED + CARD[1] * 0.46))
    return art.finish("card-bleed")


def _pattern(art: Etching, box: tuple[float, float, float, float], middle: Point) -> None:
    art.ink(PALE_TEAL, 0.2)
    waves(art, box, gap=1.5, swell=swell)
    medallion(art, middle, 24)


def _alone(face: CertificateFace, side: Side, sheet: Sheet) -> None:
    sheet.trim((MARGIN, MARGIN, *CARD), bleed=BLEED)
    _crop_marks(sheet, (MARGIN,), (MARGIN,))
    _printed(sheet, face, side, MARGIN, MARGIN)


def _many(faces: Sequence[CertificateFace], side: Side, sheet: Sheet, *, mirrored: bool) -> None:
    left, top, pitch_x, pitch_y = _grid()
    places = [(left + column * pitch_x, top + row * pitch_y) for row in range(ROWS) for column in range(COLUMNS)]
    if mirrored:
        places = [(A4[0] - x - CARD[0], y) for x, y in places]
    _crop_marks(sheet, (left, left + pitch_x), [top + row * pitch_y for row in range(ROWS)])
    for face, (x, y) in zip(faces, places, strict=False):
        _printed(sheet, face, side, x, y)


def _grid() -> tuple[float, float, float, float]:
    """Return left, top and the two pitches of the cards on a sheet: neighbours' bleeds touch and do not overlap."""
    pitch_x, pitch_y = CARD[0] + 2 * BLEED, CARD[1] + 2 * BLEED
    left = (A4[0] - (COLUMNS - 1) * pitch_x - CARD[0]) / 2
    top = (A4[1] - (ROWS - 1) * pitch_y - CARD[1]) / 2
    return left, top, pitch_x, pitch_y


def _printed(sheet: Sheet, face: CertificateFace, side: Side, x: float, y: float) -> None:
    sheet.artwork(_bleed_art(), x - BLEED, y + CARD[1] + BLEED)
    write_watermark(sheet, face, (x + CARD[0] * 0.5, y + CARD[1] / 2), size=40)
    side(sheet, face, x, y)


def _crop_marks(sheet: Sheet, lefts: Sequence[float], tops: Sequence[float]) -> None:
    """Mark the cuts of a grid of cards outside all of their bleed; both sides' grids stand in the middle of the page."""
    above, below = tops[0] - BLEED - MARK, tops[-1] + CARD[1] + BLEED
    before, after = lefts[0] - BLEED - MARK, lefts[-1] + CARD[0] + BLEED
    for across in (edge for left in lefts for edge in (left, left + CARD[0])):
        for start in (above, below):
            sheet.rule((across, start), (across, start + MARK), colour=NAVY, weight=0.25)
    for down in (edge for top in tops for edge in (top, top + CARD[1])):
        for start in (before, after):
            sheet.rule((start, down), (start + MARK, down), colour=NAVY, weight=0.25)
