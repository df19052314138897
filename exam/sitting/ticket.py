"""The admission ticket (准考证) on one A4 page: who, when, where, the rules, and the QR that opens check-in.

The QR holds the ticket's 128-bit secret and nothing else does: no text on the page, no file property.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache, partial

import msgspec
from reportlab.lib.colors import Color

from exam.core.clock import SHANGHAI
from exam.core.errors import DomainError
from exam.core.pdf.artwork import Artwork, Etching, band
from exam.core.pdf.fonts import TEXT, missing_characters
from exam.core.pdf.sheet import A4, About, Box, Ink, Sheet, render_sheet, render_sheets

QR_PREFIX = "AKT1."
UNPRINTABLE = "〓"
"""Stands for a character that the font lacks, as Chinese printers do: a candidate must not go without a ticket."""

NAVY, INK, GREY = Color(0.1, 0.22, 0.42), Color(0.1, 0.13, 0.2), Color(0.42, 0.45, 0.5)
WHITE, PALE, LINE = Color(1, 1, 1), Color(0.945, 0.96, 0.98), Color(0.8, 0.84, 0.89)
LABEL_INK = Ink(size=10, colour=GREY)
VALUE_INK = Ink(size=13, colour=INK, font=TEXT)

RULES = (
    "请带本准考证和有效身份证件原件，提前 30 分钟到考点签到。",
    "入场时核对证件、照片和本人，请配合拍照比对。",
    "手机、智能手表、书籍和其他电子设备放到指定位置，不带到座位。",
    "在电脑上答题，每次作答自动保存。电脑出故障请举手，已答内容不会丢失。",
    "考试全程录像。替考、传递答案、使用通讯设备的，取消本次成绩并依法处理。",
    "二维码用于签到，请勿拍照外传；遗失请到“我的考试”重新打印。",
)
_SECRET = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]\Z")
_WEEKDAYS = "一二三四五六日"


class TicketQrMalformedError(DomainError):
    """The scanned text is no admission ticket."""

    code = "ticket_qr_malformed"
    message = "这不是准考证二维码,请扫描准考证右上方的二维码。"


class AdmissionTicket(msgspec.Struct, frozen=True, kw_only=True):
    """What an admission ticket says.

    `id_masked` is the ID number as the candidate may show it around, `starts_at` and `ends_at` aware instants printed
    in Asia/Shanghai, `number` the ticket number read out on the phone, `secret` 128 bits from `exam.core.ids.new_token`.
    """

    candidate: str
    id_masked: str
    photo: bytes | None
    number: str
    qualification: str
    sitting: str
    starts_at: datetime
    ends_at: datetime
    centre: str
    address: str
    room: str
    seat: str
    organiser: str
    secret: str
    rules: tuple[str, ...] = RULES


def ticket_pdf(ticket: AdmissionTicket) -> bytes:
    """Return the printable ticket; raises PhotoUnreadableError, PhotoTooLargeError and FontMissingError."""
    shown = _printable(ticket)
    about = About(
        title=f"准考证 {shown.number}",
        author=shown.organiser,
        subject=shown.sitting,
        dated_on=ticket.starts_at.astimezone(SHANGHAI).date(),
    )
    return render_sheet(A4, about, lambda sheet: _ticket(sheet, shown))


def tickets_pdf(tickets: Sequence[AdmissionTicket]) -> bytes:
    """Return the tickets of one room of a sitting in one file, a page each; raises what `ticket_pdf` raises."""
    shown = [_printable(ticket) for ticket in tickets]
    first = shown[0]
    about = About(
        title=f"准考证 {first.room}",
        author=first.organiser,
        subject=first.sitting,
        dated_on=first.starts_at.astimezone(SHANGHAI).date(),
    )
    return render_sheets(A4, about, [partial(_ticket, ticket=ticket) for ticket in shown])


def ticket_qr_text(secret: str) -> str:
    """Return what the QR of a ticket holds; raises TicketQrMalformedError for anything but 128 bits of URL-safe text."""
    if not _SECRET.match(secret):
        raise TicketQrMalformedError
    return QR_PREFIX + secret


def day_line(ticket: AdmissionTicket) -> str:
    """Return 2026年6月10日（星期三） of the sitting's start."""
    start = ticket.starts_at.astimezone(SHANGHAI)
    return f"{start.year}年{start.month}月{start.day}日（星期{_WEEKDAYS[start.weekday()]}）"


def time_line(ticket: AdmissionTicket) -> str:
    """Return 09:00—11:00 in Asia/Shanghai."""
    return f"{ticket.starts_at.astimezone(SHANGHAI):%H:%M}—{ticket.ends_at.astimezone(SHANGHAI):%H:%M}"


def _printable(ticket: AdmissionTicket) -> AdmissionTicket:
    texts = {name: text for name, text in msgspec.structs.asdict(ticket).items() if isinstance(text, str)}
    missing = missing_characters("".join(texts.values()))
    table = str.maketrans(dict.fromkeys(missing, UNPRINTABLE))
    return msgspec.structs.replace(ticket, **{name: text.translate(table) for name, text in texts.items()})


def _ticket(sheet: Sheet, ticket: AdmissionTicket) -> None:
    _header(sheet, ticket)
    _person(sheet, ticket)
    _time_and_place(sheet, ticket)
    _rules(sheet, ticket)
    sheet.text(20, 284, "主办单位：", Ink(size=9, colour=GREY))
    sheet.fitted(37, 284, ticket.organiser, Ink(size=9, colour=GREY, font=TEXT), width=110)
    sheet.text(190, 284, "本准考证仅限本人当场考试使用", Ink(size=9, colour=GREY), align=1)


def _header(sheet: Sheet, ticket: AdmissionTicket) -> None:
    sheet.box((0, 0, sheet.width, 46), fill=NAVY)
    sheet.artwork(_header_art(), 0, 46)
    sheet.text(20, 25, "准考证", Ink(size=34, colour=WHITE, bold=True, spread=0.25))
    sheet.text(75, 25, "ADMISSION TICKET", Ink(size=10, colour=Color(0.75, 0.83, 0.94), spread=0.15))
    sheet.fitted(20, 37, ticket.sitting, Ink(size=13, colour=WHITE, font=TEXT), width=170, max_lines=2)


def _person(sheet: Sheet, ticket: AdmissionTicket) -> None:
    rows = [
        ("考生姓名", ticket.candidate),
        ("证件号码", ticket.id_masked),
        ("准考证号", ticket.number),
        ("考试项目", ticket.qualification),
    ]
    for number, (label, value) in enumerate(rows):
        y = 64 + number * 12.5
        big = msgspec.structs.replace(VALUE_INK, size=17, bold=True) if number == 0 else VALUE_INK
        sheet.text(20, y, label, LABEL_INK)
        sheet.fitted(42, y, value, big, width=62, max_lines=2)
        sheet.rule((20, y + 4), (106, y + 4), colour=LINE, weight=0.5)
    sheet.photo((112, 56, 35, 49), ticket.photo, frame=LINE)
    sheet.box((151, 56, 39, 49), fill=WHITE, stroke=LINE)
    sheet.qr(152, 57, 37, ticket_qr_text(ticket.secret))
    sheet.text(170.5, 100, "签到时出示", Ink(size=9.5, colour=INK), align=0.5)


def _time_and_place(sheet: Sheet, ticket: AdmissionTicket) -> None:
    sheet.box((20, 117, 170, 66), fill=PALE)
    sheet.box((20, 117, 1.6, 66), fill=NAVY)
    _fact(sheet, (28, 117, 90, 31), "考试时间（北京时间）", time_line(ticket), day_line(ticket))
    _figure(sheet, (120, 122, 32, 24), "考场", ticket.room)
    _figure(sheet, (154, 122, 32, 24), "座位", ticket.seat)
    sheet.rule((28, 152), (184, 152), colour=LINE, weight=0.5)
    for number, (label, value) in enumerate([("考点", ticket.centre), ("地址", ticket.address)]):
        y = 162 + number * 12
        sheet.text(28, y, label, LABEL_INK)
        sheet.fitted(42, y, value, VALUE_INK, width=142, max_lines=2)


def _fact(sheet: Sheet, box: Box, label: str, large: str, below: str) -> None:
    x, y, width, _ = box
    sheet.text(x, y + 10, label, LABEL_INK)
    sheet.fitted(x, y + 20.5, large, Ink(size=23, colour=NAVY, bold=True, font=TEXT), width=width)
    sheet.fitted(x, y + 29, below, VALUE_INK, width=width)


def _figure(sheet: Sheet, box: Box, label: str, value: str) -> None:
    x, y, width, height = box
    sheet.box(box, fill=WHITE, stroke=LINE)
    middle = x + width / 2
    sheet.text(middle, y + 6.5, label, LABEL_INK, align=0.5)
    figure = Ink(size=23, colour=NAVY, bold=True, font=TEXT)
    sheet.fitted(middle, y + height - 5.5, value, figure, width=width - 4, align=0.5, max_lines=2)


def _rules(sheet: Sheet, ticket: AdmissionTicket) -> None:
    sheet.text(20, 198, "考生须知", Ink(size=14, colour=NAVY, bold=True))
    sheet.rule((20, 202), (190, 202), colour=NAVY, weight=0.8)
    y = 211.0
    for number, rule in enumerate(ticket.rules, start=1):
        sheet.text(20, y, f"{number}.", Ink(size=11, colour=NAVY, bold=True))
        y = sheet.paragraph(28, y, rule, Ink(size=11, colour=INK), width=162, leading=1.5) + 4.4


@lru_cache(maxsize=1)
def _header_art() -> Artwork:
    wide, high = A4[0], 46.0
    art = Etching(wide, high)
    art.ink((0.2, 0.34, 0.56), 0.3)
    band(art, (0, 23), (wide, 23), amplitude=34, wave=70, strands=14)
    art.ink((0.72, 0.6, 0.34), 0.6)
    band(art, (0, 1.4), (wide, 1.4), amplitude=0.7, wave=6, strands=3)
    return art.finish("ticket-header")
