"""The printed certificate of completed training: who, what by node, who signed, and the QR that verifies it."""

from functools import partial

import msgspec
from reportlab.lib.colors import Color

from exam.core.clock import local_date
from exam.core.pdf.fonts import TEXT, missing_characters
from exam.core.pdf.sheet import A4, About, Ink, Sheet, render_sheets
from exam.training.completion.service import CompletionView, StudiedNode
from exam.training.kinds import TITLES, title_of

NAVY, INK, GREY, LINE = Color(0.1, 0.22, 0.42), Color(0.1, 0.13, 0.2), Color(0.42, 0.45, 0.5), Color(0.8, 0.84, 0.89)
LABEL = Ink(size=10, colour=GREY)
VALUE = Ink(size=11, colour=INK, font=TEXT)
FIRST_ROWS, MORE_ROWS = 22, 36
ROW = 6.2
UNPRINTABLE = "〓"
PARTS = {"theory": "理论", "practice": "实操"}

Rows = tuple[StudiedNode, ...]


def completion_pdf(completion: CompletionView, name: str, verify_url: str) -> bytes:
    """Return the printable certificate; `name` in full, for it is the worker's own record."""
    nodes = completion.content.nodes
    pages = [nodes[:FIRST_ROWS]] + [
        nodes[start : start + MORE_ROWS] for start in range(FIRST_ROWS, len(nodes), MORE_ROWS)
    ]
    about = About(
        title=f"培训合格证明 {completion.number}",
        author=_printable(completion.content.body),
        subject=title_of(completion.qualification),
        dated_on=local_date(completion.issued_at),
    )
    first = partial(_first, completion=completion, name=name, rows=pages[0], verify_url=verify_url)
    return render_sheets(A4, about, [first, *(partial(_more, rows=rows) for rows in pages[1:])])


def _printable(text: str) -> str:
    missing = missing_characters(text)
    return text.translate({ord(character): UNPRINTABLE for character in missing})


def _first(sheet: Sheet, completion: CompletionView, name: str, rows: Rows, verify_url: str) -> None:
    content = completion.content
    sheet.box((0, 0, sheet.width, 8), fill=NAVY)
    sheet.text(20, 28, "安全生产培训合格证明", Ink(size=22, colour=NAVY, bold=True, spread=0.08))
    sheet.fitted(20, 37, content.body, VALUE, width=125)
    sheet.qr(156, 14, 34, verify_url)
    facts = (
        ("姓名", f"{name}    证件号码 {completion.id_masked}"),
        ("培训项目", f"{title_of(completion.qualification)} · {TITLES[completion.kind]}"),
        ("培训时间", f"{content.starts_on.isoformat()} 至 {content.ends_on.isoformat()} · {content.title}"),
        ("学时", f"{content.hours / 100:g} 学时(要求 {content.required / 100:g} 学时)  {content.basis}"),
        ("证明编号", completion.number),
    )
    for place, (label, value) in enumerate(facts):
        y = 50 + place * 9
        sheet.text(20, y, label, LABEL)
        sheet.fitted(42, y, _printable(value), msgspec.structs.replace(VALUE, bold=place == 0), width=148)
    _table(sheet, 100, rows)
    _signatures(sheet, completion)


def _more(sheet: Sheet, rows: Rows) -> None:
    _table(sheet, 24, rows)


def _table(sheet: Sheet, top: float, rows: Rows) -> None:
    for x, words, align in ((20, "培训内容", 0), (160, "类别", 0.5), (190, "学时", 1)):
        sheet.text(x, top, words, LABEL, align=align)
    sheet.rule((20, top + 2), (190, top + 2), colour=NAVY, weight=0.8)
    for place, row in enumerate(rows, start=1):
        y = top + place * ROW + 1
        sheet.fitted(20, y, _printable(f"{row.code}  {row.title}".strip()), VALUE, width=132)
        sheet.text(160, y, PARTS.get(row.part, ""), VALUE, align=0.5)
        sheet.text(190, y, f"{row.hours / 100:g}", VALUE, align=1)
        sheet.rule((20, y + 2), (190, y + 2), colour=LINE, weight=0.4)


def _signatures(sheet: Sheet, completion: CompletionView) -> None:
    issued = local_date(completion.issued_at).isoformat()
    signed = local_date(completion.decided_at).isoformat() if completion.decided_at else ""
    sheet.text(20, 258, "出具", LABEL)
    sheet.fitted(34, 258, _printable(f"{completion.issued_by_name}  {issued}"), VALUE, width=70)
    sheet.text(112, 258, "本人核对签字", LABEL)
    sheet.text(138, 258, f"已在线签字  {signed}", VALUE)
    sheet.text(20, 268, f"内容摘要 SHA-256 {completion.digest}", Ink(size=8, colour=GREY, font=TEXT))
    sheet.text(20, 284, "扫描二维码或在 /training/verify 输入证明编号核验", Ink(size=9, colour=GREY))
    sheet.text(
        190, 284, f"保存至 {completion.keep_until.isoformat()} 以后", Ink(size=9, colour=GREY, font=TEXT), align=1
    )
