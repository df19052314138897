import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.core.errors import Kind
from exam.delivery.responses import (
    MAX_BATCH_BYTES,
    BatchInvalidError,
    BatchTooLargeError,
    ResponseInvalidError,
    Save,
    SlotShape,
    check_response,
    decode_batch,
    encode_response,
)
from exam.delivery.shapes import decode_shape, encode_shape, shape_of

JUDGEMENT, CHOICE = SlotShape("judgement", 2), SlotShape("choice", 3)
MULTIPLE, TEXT, ESSAY = SlotShape("multiple", 5), SlotShape("text_entry", 0), SlotShape("extended_text", 0)
ORDER = SlotShape("order", 4)
MATCH, GAPS = SlotShape("match", 0, (3, 3)), SlotShape("inline_choice", 0, (2, 4))
HOTSPOT = SlotShape("hotspot", 2, (640, 480))
CASE = SlotShape("case", 0, (2, 3))


def one(response: object, **change: object) -> bytes:
    return msgspec.json.encode({"saves": [{"slot": 1, "seq": 1, "response": response} | change]})


def test_a_batch_reads_in_the_order_it_was_sent() -> None:
    body = b'{"saves":[{"slot":2,"seq":9,"response":["A"]},{"slot":1,"seq":8,"response":"36 V"}]}'
    assert decode_batch(body).saves == [Save(2, 9, ["A"]), Save(1, 8, "36 V")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"saves":[]}',
        b'{"saves":null}',
        b'{"saves":[{"slot":NaN,"seq":1,"response":[]}]}',
        b'{"saves":[{"slot":1,"seq":1,"response":"\\ud800"}]}',
        b'{"saves":[{"slot":1,"seq":1,"response":"\xff"}]}',
        msgspec.json.encode({"saves": [{"slot": 1, "seq": 1, "response": []}] * 65}),
        msgspec.json.encode({"saves": [{"slot": 1, "seq": 1}]}),
        one([], slot=0),
        one([], slot=501),
        one([], slot=True),
        one([], slot="1"),
        one([], seq=0),
        one([], seq=1_000_000_001),
        one([], seq=1.5),
        one([], arrived_at="2026-11-23T00:00:00Z"),
        one(None),
        one(1),
        one(["1023,10233"]),
        one([""]),
        one(["A"] * 27),
        one("字" * 2001),
        one({"A": 1}),
    ],
)
def test_what_no_terminal_sends_is_refused_whole(body: bytes) -> None:
    with pytest.raises(BatchInvalidError):
        decode_batch(body)


def test_a_body_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(BatchTooLargeError) as refusal:
        decode_batch(b"{" * (MAX_BATCH_BYTES + 1))
    assert refusal.value.kind is Kind.TOO_LARGE


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with pytest.raises(BatchInvalidError):
        decode_batch(body)


@pytest.mark.parametrize(
    ("shape", "response", "canonical"),
    [
        (JUDGEMENT, ["T"], b'["T"]'),
        (JUDGEMENT, ["F"], b'["F"]'),
        (CHOICE, ["C"], b'["C"]'),
        (MULTIPLE, ["D", "A"], b'["A","D"]'),
        (MULTIPLE, ["E"], b'["E"]'),
        (ORDER, ["C", "A", "D", "B"], b'["C","A","D","B"]'),
        (ORDER, ["D"], b'["D"]'),
        (MATCH, ["2C", "1C"], b'["1C","2C"]'),
        (GAPS, ["2D"], b'["2D"]'),
        (CASE, ["2C", "1B", "2A"], b'["1B","2A","2C"]'),
        (HOTSPOT, ["639,479", "0,0"], b'["639,479","0,0"]'),
        (TEXT, "36 V\n", b'"36 V\\n"'),
        (TEXT, "字" * 500, ('"' + "字" * 500 + '"').encode()),
        (ESSAY, "字" * 2000, ('"' + "字" * 2000 + '"').encode()),
    ],
)
def test_a_fitting_response_has_one_canonical_form(
    shape: SlotShape, response: list[str] | str, canonical: bytes
) -> None:
    assert encode_response(check_response(Save(1, 1, response), shape)) == canonical


@pytest.mark.parametrize("shape", [JUDGEMENT, CHOICE, MULTIPLE, TEXT, ESSAY, ORDER, MATCH, GAPS, HOTSPOT, CASE])
@pytest.mark.parametrize("response", [[], ""])
def test_any_response_can_be_cleared(shape: SlotShape, response: list[str] | str) -> None:
    assert encode_response(check_response(Save(1, 1, response), shape)) == b"[]"


@pytest.mark.parametrize(
    ("shape", "response"),
    [
        (JUDGEMENT, ["A"]),
        (JUDGEMENT, ["T", "F"]),
        (JUDGEMENT, "T"),
        (CHOICE, ["D"]),
        (CHOICE, ["a"]),
        (CHOICE, ["A", "B"]),
        (CHOICE, "A"),
        (MULTIPLE, ["A", "A"]),
        (MULTIPLE, ["A", "F"]),
        (ORDER, ["A", "A"]),
        (CHOICE, ["AB"]),
        (MATCH, ["1A", "1B"]),
        (MATCH, ["3A"]),
        (MATCH, ["A"]),
        (MATCH, ["1D"]),
        (GAPS, ["1C"]),
        (GAPS, "1A"),
        (ORDER, ["B", "E"]),
        (ORDER, "AB"),
        (TEXT, ["A"]),
        (TEXT, "nul\x00"),
        (TEXT, "bell\x07"),
        (CHOICE, ["1AB"]),
        (CASE, ["1C"]),
        (CASE, ["1A", "1A"]),
        (CASE, ["1"]),
        (HOTSPOT, ["A"]),
        (HOTSPOT, "1,1"),
        (HOTSPOT, ["640,1"]),
        (HOTSPOT, ["1,480"]),
        (HOTSPOT, ["01,1"]),
        (HOTSPOT, ["1,1", "1,1"]),
        (HOTSPOT, ["1,1", "2,2", "3,3"]),
        (TEXT, "字" * 501),
        (ESSAY, ["A"]),
        (SlotShape("essay", 4), ["A"]),
    ],
)
def test_a_response_that_cannot_answer_its_slot_is_refused_by_slot(shape: SlotShape, response: list[str] | str) -> None:
    with pytest.raises(ResponseInvalidError) as refusal:
        check_response(Save(42, 1, response), shape)
    assert refusal.value.fields == {"slot": 42}


def test_shapes_are_read_as_they_were_written() -> None:
    match = shape_of("match", ["1", "2", "A", "B", "C"])
    gaps = shape_of("inline_choice", ["1A", "1B", "2A", "2B", "2C", "2D"])
    assert (match, gaps, shape_of("order", list("ABCD"))) == (SlotShape("match", 0, (3, 3)), GAPS, ORDER)
    assert shape_of("hotspot", [], (2, 640, 480)) == HOTSPOT
    assert shape_of("case", ["1", "1A", "1B", "2+", "2A", "2B", "2C"]) == CASE
    assert encode_shape([JUDGEMENT, match, TEXT, gaps, HOTSPOT, MULTIPLE]) == "j2p3.3t0i2.4h2.640.480m5"
    assert decode_shape("j2p3.3t0i2.4h2.640.480m5") == [JUDGEMENT, match, TEXT, gaps, HOTSPOT, MULTIPLE]


@given(
    st.sampled_from([JUDGEMENT, CHOICE, MULTIPLE, TEXT, ESSAY, ORDER, MATCH, GAPS, HOTSPOT, CASE]),
    st.lists(st.sampled_from(["1,2", "3,4", *"ABCDETF"]), max_size=6) | st.text(max_size=20),
)
def test_checking_again_changes_nothing(shape: SlotShape, response: list[str] | str) -> None:
    try:
        checked = check_response(Save(1, 1, response), shape)
    except ResponseInvalidError:
        return
    again = msgspec.json.decode(encode_response(checked), type=list[str] | str)
    assert check_response(Save(1, 2, again), shape) == checked
