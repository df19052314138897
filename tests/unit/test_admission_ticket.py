import io
from datetime import UTC, datetime
from pathlib import Path

import pypdf
import pytest

from exam.core.ids import new_token
from exam.core.pdf.errors import PhotoUnreadableError
from exam.sitting.ticket import (
    UNPRINTABLE,
    TicketQrMalformedError,
    day_line,
    ticket_pdf,
    ticket_qr_text,
    time_line,
)
from tests.builders.documents import RARE, TOKEN, admission_ticket, flat, object_names, qr_of, text_of

GOLDEN = Path(__file__).parent / "golden"
QR_BOX = (151.0, 56.0, 39.0, 40.0)


def test_the_ticket_reads_as_it_should() -> None:
    expected = (GOLDEN / "ticket.txt").read_text(encoding="utf-8")
    assert text_of(ticket_pdf(admission_ticket())).strip() == expected.strip()


@pytest.mark.parametrize("candidate", [RARE, "阿卜杜热合曼江·买买提艾力·库尔班江", "李"])
def test_any_name_is_copied_out_whole(candidate: str) -> None:
    assert candidate in flat(text_of(ticket_pdf(admission_ticket(candidate=candidate))))


def test_a_long_centre_and_address_are_printed_whole() -> None:
    centre, address = "杭州钱塘江畔危险化学品仓储物流与工业气体充装供应链管理服务考试点" * 2, "文三路" * 25
    text = flat(text_of(ticket_pdf(admission_ticket(centre=centre, address=address))))
    assert centre in text
    assert address in text


def test_a_character_without_a_glyph_leaves_a_mark_and_not_the_candidate_without_a_ticket() -> None:
    text = flat(text_of(ticket_pdf(admission_ticket(candidate="王\U000f0001"))))
    assert f"王{UNPRINTABLE}" in text


def test_the_qr_holds_the_secret() -> None:
    assert qr_of(ticket_pdf(admission_ticket()), QR_BOX) == ticket_qr_text(TOKEN)


def test_the_secret_stands_nowhere_but_in_the_qr() -> None:
    pdf = ticket_pdf(admission_ticket())
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    everything = text_of(pdf) + str(reader.metadata) + pdf.decode("latin-1")
    for number in range(1, len(reader.xref[0]) + 1):
        stored = reader.get_object(number)
        if isinstance(stored, pypdf.generic.StreamObject):
            everything += stored.get_data().decode("latin-1")
    assert TOKEN not in everything
    assert TOKEN.encode().hex() not in everything


def test_a_late_evening_in_utc_is_the_next_day_in_shanghai() -> None:
    ticket = admission_ticket(
        starts_at=datetime(2026, 6, 9, 16, 30, tzinfo=UTC), ends_at=datetime(2026, 6, 9, 18, 30, tzinfo=UTC)
    )
    assert (day_line(ticket), time_line(ticket)) == ("2026年6月10日（星期三）", "00:30—02:30")


def test_rules_of_the_sitting_replace_the_usual_ones() -> None:
    text = flat(text_of(ticket_pdf(admission_ticket(rules=("只带身份证。", "不带手机。")))))
    assert "1.只带身份证。2.不带手机。" in text
    assert "智能手表" not in text


def test_equal_tickets_give_equal_bytes() -> None:
    assert ticket_pdf(admission_ticket()) == ticket_pdf(admission_ticket())


def test_another_secret_gives_another_file() -> None:
    assert ticket_pdf(admission_ticket()) != ticket_pdf(admission_ticket(secret="A" * 22))


def test_the_file_holds_no_script() -> None:
    names = object_names(ticket_pdf(admission_ticket()))
    assert not names & {"/JavaScript", "/JS", "/OpenAction", "/AA", "/Launch", "/AcroForm", "/URI", "/Helvetica"}


def test_a_photo_of_wrong_bytes_is_refused_by_name() -> None:
    with pytest.raises(PhotoUnreadableError):
        ticket_pdf(admission_ticket(photo=b"wrong"))


def test_without_a_photo_the_frame_says_so() -> None:
    assert "未采集照片" in text_of(ticket_pdf(admission_ticket(photo=None)))


def test_every_new_token_is_printed_behind_its_prefix() -> None:
    for _ in range(50):
        secret = new_token()
        assert ticket_qr_text(secret) == "AKT1." + secret


@pytest.mark.parametrize("secret", ["", "short", TOKEN + "A", TOKEN[:-1] + "B", "AKT1." + TOKEN, TOKEN[:-1] + "\n"])
def test_a_secret_that_is_not_128_bits_is_not_printed(secret: str) -> None:
    with pytest.raises(TicketQrMalformedError):
        ticket_pdf(admission_ticket(secret=secret))
