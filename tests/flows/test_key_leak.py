"""No byte sent to a candidate or a proctor before release holds what only the bank may know (TRUST.md C12)."""

import asyncio
import gzip
import io
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from reportlab.pdfgen import canvas

from exam.cli.bench.stack import HOST, free_port
from questionbank.items.content import Interaction
from tests.faults.stage import web_process
from tests.flows.canary import CANDIDATES, Observed, observe
from tests.flows.wiretap import Answer, Tap, everything_in, find_secrets, read_answers
from tests.services import Services

pytestmark = pytest.mark.slow

SECRET = "0f1e2d3c4b5a6978"
FORM_FIELDS = {
    "form": {"title", "duration_s", "sections", "slots"},
    "section": {"interaction", "slots"},
    "slot": {"slot", "interaction", "stem", "options", "marks", "photo"},
    "photo": {"url", "width", "height", "points"},
    "option": {"label", "text"},
}
PUBLIC_KEYS = b"ankao-credential-keys.json"
LABELS = {
    Interaction.JUDGEMENT: ["T", "F"],
    Interaction.MATCH: list("123ABC"),
    Interaction.INLINE_CHOICE: ["1A", "1B", "2A", "2B", "3A", "3B"],
    Interaction.HOTSPOT: [],
    Interaction.CASE: ["1", "1A", "1B", "2+", "2A", "2B", "2C"],
}
NEVER_A_FIELD = {
    *("key", "keys", "correct", "right", "score", "rule", "variants", "explanation", "basis"),
    *("difficulty", "depth", "node", "item", "item_id", "version", "digests", "option_map", "weight"),
}


@pytest.fixture(scope="module")
def observed(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """Play an exam before a real web process, seen through taps in the lines of its people."""
    port = free_port()
    log = tmp_path_factory.mktemp("leak") / "web.log"
    with services.database() as settings, web_process(settings, port, log):
        yield asyncio.run(observe(settings, HOST, port))


@pytest.fixture(params=["candidate", "proctor"])
def tap(request: pytest.FixtureRequest, observed: Observed) -> Tap:
    found: Tap = getattr(observed, request.param)
    return found


def test_nothing_secret_was_sent(observed: Observed, tap: Tap) -> None:
    assert len(observed.secrets) > 100
    assert find_secrets(everything_in(tap.answers()), observed.secrets) == set()


def test_the_tap_has_carried_pages_files_tickets_and_every_item_that_was_shown(observed: Observed) -> None:
    sent = everything_in(observed.candidate.answers())
    shown = {slot["stem"] for form, _ in observed.forms for slot in form["slots"]}
    assert shown <= set(observed.stems)
    assert [stem for stem in shown if stem.encode() not in sent] == []
    kinds = {answer.header(b"content-type").split(b";")[0] for answer in observed.candidate.answers()}
    assert kinds >= {b"text/html", b"application/json", b"application/problem+json", b"application/pdf", b"text/css"}
    assert observed.static > 40
    assert "一号机房".encode() in sent, "the words on the ticket"
    statuses = {answer.status for answer in observed.candidate.answers()}
    assert statuses >= {b"200", b"400", b"401", b"403", b"404", b"409"}
    assert len(observed.proctor.answers()) > 100


def test_the_author_s_line_holds_secrets_and_the_search_finds_them(observed: Observed) -> None:
    found = find_secrets(everything_in(observed.author.answers()), observed.secrets)
    names = {name.partition(" of ")[0] for name in found}
    assert names >= {"explanation", "basis", "node", "variant", "other variant"}


def _pdf(words: str) -> bytes:
    out = io.BytesIO()
    page = canvas.Canvas(out, pageCompression=1)
    page.drawString(50, 700, words)
    page.save()
    return out.getvalue()


def _zip(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sheet1.xml", content)
    return out.getvalue()


WRAPPINGS = {
    "plain": SECRET.encode(),
    "upper case": SECRET.upper().encode(),
    "gzip": gzip.compress(SECRET.encode() * 3),
    "base64": b'{"blob": "' + b64encode(b"xy" + SECRET.encode()) + b'"}',
    "hexadecimal": SECRET.encode().hex().encode(),
    "wide": SECRET.encode("utf-16-le"),
    "percent": "".join(f"%{ord(letter):02x}" for letter in SECRET).encode(),
    "entities": "".join(f"&#{ord(letter)};" for letter in SECRET).encode(),
    "workbook": _zip(SECRET.encode()),
    "pdf": _pdf(f"see {SECRET} here"),
    "pdf in a page": b'<img src="data:application/pdf;base64,' + b64encode(_pdf(SECRET)) + b'">',
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_the_search_sees_through(wrapping: str) -> None:
    body = WRAPPINGS[wrapping]
    assert (SECRET.encode() in body) is (wrapping == "plain"), "it is hidden"
    stream = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    assert find_secrets(everything_in(read_answers(stream)), {"it": SECRET.encode()}) == {"it"}


def test_the_search_sees_headers_and_chunks() -> None:
    half = len(SECRET) // 2
    head = f"HTTP/1.1 200 OK\r\netag: {SECRET}\r\ncontent-length: 0\r\n\r\n".encode()
    chunks = b"".join(b"%x\r\n%b\r\n" % (half, part.encode()) for part in (SECRET[:half], SECRET[half:]))
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    for stream in (head, chunked, chunked + head):
        assert find_secrets(everything_in(read_answers(stream)), {"it": SECRET.encode()}) == {"it"}


def _field_names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _field_names(each)
    elif isinstance(value, list):
        for each in value:
            yield from _field_names(each)


def _is_description(body: Any) -> bool:
    """Tell a public description of interfaces or of what is exchanged: it names fields and holds none."""
    return isinstance(body, dict) and ("openapi" in body or set(body) == {"$schema", "title", "oneOf"})


def _json_of(answers: list[Answer]) -> Iterator[Any]:
    for answer in answers:
        signing_keys = PUBLIC_KEYS in answer.header(b"content-disposition")
        if b"json" in answer.header(b"content-type") and not signing_keys:
            bodies = msgspec.json.Decoder().decode_lines(answer.body)
            yield from (body for body in bodies if not _is_description(body))


def test_no_field_could_hold_a_key_a_rule_or_a_difficulty(observed: Observed) -> None:
    names = {name for body in _json_of(observed.candidate.answers()) for name in _field_names(body)}
    assert names & NEVER_A_FIELD == set()
    assert {"stem", "options", "receipt"} <= names
    for form, _ in observed.forms:
        assert set(form) == FORM_FIELDS["form"]
        assert {name for section in form["sections"] for name in section} == FORM_FIELDS["section"]
        assert {name for slot in form["slots"] for name in slot} == FORM_FIELDS["slot"]
        assert {name for slot in form["slots"] for name in slot.get("photo", {})} == FORM_FIELDS["photo"]
        assert {name for slot in form["slots"] for option in slot["options"] for name in option} == FORM_FIELDS[
            "option"
        ]


def test_right_options_look_like_wrong_ones(observed: Observed) -> None:
    """The author's key is the first option always; where it is shown must follow from nothing."""
    displayed: list[tuple[str, ...]] = []
    for form, scoring in observed.forms:
        for shown, scored in zip(form["slots"], scoring.slots, strict=True):
            labels = [option["label"] for option in shown["options"]]
            assert labels == LABELS.get(scored.interaction, list("ABCD")[: scored.options])
            if scored.interaction is Interaction.CHOICE:
                displayed.append(scored.key)
    assert len(displayed) == CANDIDATES * 3
    assert len(set(displayed)) > 1


@pytest.mark.parametrize("kind", [Interaction.ORDER, Interaction.MATCH, Interaction.INLINE_CHOICE])
def test_what_is_put_in_order_or_paired_is_shown_in_no_order_of_its_own(observed: Observed, kind: Interaction) -> None:
    slots = [slot for _, scoring in observed.forms for slot in scoring.slots if slot.interaction is kind]
    assert len(slots) == CANDIDATES * 3
    assert len({slot.key for slot in slots}) > 1


def test_marks_tell_nothing_beyond_the_interaction(observed: Observed) -> None:
    by_interaction: dict[str, set[int]] = {}
    for form, _ in observed.forms:
        for slot in form["slots"]:
            by_interaction.setdefault(slot["interaction"], set()).add(slot["marks"])
    assert by_interaction == {
        "judgement": {100},
        "choice": {100},
        "multiple": {150},
        "text_entry": {100},
        "order": {100},
        "match": {100},
        "inline_choice": {100},
        "hotspot": {100},
        "case": {100},
        "extended_text": {100},
    }


def test_the_answer_to_a_save_does_not_tell_right_from_wrong(observed: Observed) -> None:
    assert len(observed.verdicts) == CANDIDATES * 24
    for wrong, right in observed.verdicts:
        for answer in (wrong, right):
            for volatile in ("server_now", "remaining_ms"):
                answer.pop(volatile, None)
            (accepted,) = answer["accepted"]
            assert len(accepted.pop("receipt")) > 20
            accepted.pop("seq")
        assert wrong == right
