"""The contract with neighbours: both forms say the same, the schemas hold for both, and a receiver tells what is wrong."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # type: ignore[import-untyped]

from exam.records.exchange.addresses import judge_address
from exam.records.exchange.conformance import Receiver
from exam.records.exchange.contract import Field, Message, MessageUnreadableError, check, from_json, load_kinds, to_json
from exam.records.exchange.errors import AddressRefusedError
from exam.records.exchange.signing import SignatureWrongError, headers_of, new_secret, verify
from exam.records.exchange.state import DELAYS, delay_after
from exam.records.exchange.xml import from_xml, json_schema, to_xml, xsd

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
NOW_S = int(NOW.timestamp())
# what XML cannot hold is left out of it (tested below), and a carriage return is read as a line end
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=20)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "id": st.uuids().map(str),
    "text": WORDS,
    "date": st.dates().map(lambda day: day.isoformat()),
    "instant": st.datetimes(timezones=st.just(UTC)).map(lambda at: at.isoformat()),
    "integer": st.integers(1, 9999),
    "boolean": st.booleans(),
    "counts": st.dictionaries(st.from_regex(r"[a-z.]{1,9}", fullmatch=True), st.integers(-9, 9999), max_size=3),
}


def data_of(fields: tuple[Field, ...]) -> st.SearchStrategy[dict[str, Any]]:
    needed = {field.code: value_of(field) for field in fields if not field.optional}
    return st.fixed_dictionaries(needed, optional={f.code: value_of(f) for f in fields if f.optional})


def value_of(field: Field) -> st.SearchStrategy[Any]:
    return st.just(field.only) if field.only else VALUES[field.type]


@st.composite
def messages(draw: st.DrawFn) -> Message:
    kind = draw(st.sampled_from(sorted(load_kinds().values(), key=lambda each: each.code)))
    return Message(
        id=draw(st.uuids()),
        kind=kind.code,
        schema_version=1,
        source="https://exam.example",
        region="33/3301",
        subject=f"thing:{draw(st.uuids())}",
        sequence=draw(st.integers(1, 99)),
        idempotency_key=draw(WORDS),
        occurred_at=NOW,
        made_at=NOW,
        data=draw(data_of(kind.fields)),
    )


EXPORTED_VALUES = {"id": str(UUID(int=1)), "text": "x", "date": "2026-11-23", "integer": 1}
SCHEMA = etree.XMLSchema(etree.fromstring(xsd()))


@given(messages())
def test_both_forms_say_the_same_and_fit_their_schemas(message: Message) -> None:
    assert check(message) == []
    assert from_json(to_json(message)) == message
    assert from_xml(to_xml(message)) == message
    assert SCHEMA.validate(etree.fromstring(to_xml(message).encode()))


def a_message(number: int = 1, key: str = "k", **changed: Any) -> Message:
    data = {"registration_id": str(UUID(int=1)), "result_id": str(UUID(int=2)), "version": 1}
    data |= {"person_id": str(UUID(int=3)), "name_masked": "张*", "number_masked": "1***2"}
    data |= {"qualification": "special.1.1", "part": "theory", "passed": True}
    return Message(
        id=UUID(int=number),
        kind="result.released",
        schema_version=1,
        source="s",
        region="33",
        subject="registration:1",
        sequence=number,
        idempotency_key=f"{key}{number}",
        occurred_at=NOW,
        made_at=NOW,
        data=data | changed,
    )


@pytest.mark.parametrize(
    ("changed", "faults"),
    [
        ({"passed": "yes"}, ["data.passed: wrong type"]),
        ({"version": True}, ["data.version: wrong type"]),
        ({"person_id": "7"}, ["data.person_id: wrong type"]),
        ({"score": 100}, ["data.score: unknown"]),
    ],
)
def test_the_schema_finds_what_is_wrong(changed: dict[str, Any], faults: list[str]) -> None:
    assert [f"{fault.field}: {fault.why}" for fault in check(a_message(**changed))] == faults


def test_no_form_of_the_contract_lets_a_provincial_record_claim_to_be_the_national_one() -> None:
    kind = load_kinds()["credential.exported"]
    data = {field.code: EXPORTED_VALUES[field.type] for field in kind.fields} | {"origin": "provincial"}
    good = msgspec.structs.replace(a_message(), kind=kind.code, data=data)
    claim = msgspec.structs.replace(good, data=data | {"origin": "national"})
    assert check(good) == []
    assert [f"{fault.field}: {fault.why}" for fault in check(claim)] == ["data.origin: wrong value"]
    silent = msgspec.structs.replace(good, data={code: value for code, value in data.items() if code != "origin"})
    assert [fault.why for fault in check(silent)] == ["missing"]
    valid = [SCHEMA.validate(etree.fromstring(to_xml(each).encode())) for each in (good, claim)]
    assert valid == [True, False]
    (said,) = [each for each in json_schema()["oneOf"] if each["properties"]["kind"]["const"] == kind.code]
    assert said["properties"]["data"]["properties"]["origin"] == {"const": "provincial"}
    assert {"origin", "issuer", "issuer_region", "rule_set"} <= set(said["properties"]["data"]["required"])


def test_what_older_neighbours_are_told_of_certificates_has_the_fields_that_it_had() -> None:
    """They refuse a field that they do not know: whatever is new is told under a kind of its own."""
    assert [field.code for field in load_kinds()["credential.changed"].fields] == [
        *("credential_id", "act", "status", "version", "person_id", "name_masked", "number_masked"),
        *("certificate_masked", "qualification", "issued_on", "valid_from_on", "valid_until_on", "issuer"),
    ]


def test_the_json_schema_names_every_field_of_every_kind() -> None:
    found = {each["properties"]["kind"]["const"]: each["properties"]["data"] for each in json_schema()["oneOf"]}
    assert {code: set(each["properties"]) for code, each in found.items()} == {
        kind.code: {field.code for field in kind.fields} for kind in load_kinds().values()
    }


def test_xml_is_read_without_entities_and_written_without_control_characters() -> None:
    bomb = b'<!DOCTYPE m [<!ENTITY a "x">]><message xmlns="urn:ankao:exchange:1"><id>&a;</id></message>'
    with pytest.raises(MessageUnreadableError):
        from_xml(bomb)
    assert from_xml(to_xml(a_message(name_masked="a\x00b"))).data["name_masked"] == "ab"


def test_a_signature_holds_for_its_bytes_its_secret_and_five_minutes() -> None:
    # the reference vector of Standard Webhooks
    known = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = headers_of(known, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    secret = new_secret()
    signed = headers_of(secret, "m1", NOW_S, b"{}")
    assert verify(secret, signed, b"{}", now_s=NOW_S + 299) == "m1"
    turned = signed | {"webhook-signature": f"v1,AAAA {signed['webhook-signature']}"}
    assert verify(secret, turned, b"{}", now_s=NOW_S) == "m1"
    for key, body, now_s, shown in (
        (secret, b"{ }", NOW_S, signed),
        (new_secret(), b"{}", NOW_S, signed),
        (secret, b"{}", NOW_S + 301, signed),
        (secret, b"{}", NOW_S, signed | {"webhook-id": "m2"}),
        (secret, b"{}", NOW_S, {}),
    ):
        with pytest.raises(SignatureWrongError):
            verify(key, shown, body, now_s=now_s)


def test_a_receiver_tells_signature_form_schema_repetition_and_order_apart() -> None:
    secret = new_secret()
    receiver = Receiver(secret)

    def got(message: Message, *, key: str = secret, named: str = "") -> tuple[int, str]:
        body = to_json(message).encode()
        headers = headers_of(key, named or str(message.id), NOW_S, body)
        verdict = receiver.receive(headers, body, now_s=NOW_S)
        return verdict.status, verdict.verdict

    assert got(a_message(1), key=new_secret()) == (401, "signature")
    assert got(a_message(1, version="1")) == (422, "schema")
    assert got(a_message(1), named="other") == (422, "schema")
    assert got(a_message(1)) == (204, "accepted")
    assert got(a_message(1)) == (204, "duplicate")
    assert got(a_message(3)) == (409, "order")
    assert got(a_message(2)) == (204, "accepted")
    assert got(a_message(1, key="other")) == (409, "order")
    body = b"[]"
    assert receiver.receive(headers_of(secret, "m", NOW_S, body), body, now_s=NOW_S).status == 422


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/hook",
        "https://[::1]/",
        "https://10.1.2.3/",
        "https://192.168.0.1:8443/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.100.100.200/",
        "https://0.0.0.0/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[fd00::1]/",
        "https://2130706433/",
        "https://localhost/",
        "https://224.0.0.1/",
        "http://8.8.8.8/",
        "https://user:word@8.8.8.8/",
        "https://8.8.8.8/#part",
        "ftp://8.8.8.8/",
        "file:///etc/passwd",
        "hook",
    ],
)
async def test_nothing_is_sent_inside(address: str) -> None:
    with pytest.raises(AddressRefusedError):
        await judge_address(address, "")


async def test_what_the_operator_lists_is_reached_and_what_was_judged_is_what_is_called() -> None:
    target = await judge_address("http://10.1.2.3:81/hook", "10.0.0.0/8,other.example")
    assert (target.url, target.host, target.extensions) == (httpx.URL("http://10.1.2.3:81/hook"), "10.1.2.3:81", {})
    named = await judge_address("https://localhost/hook?a=1", "localhost")
    assert (named.host, named.extensions) == ("localhost", {"sni_hostname": "localhost"})
    assert named.url.host in {"127.0.0.1", "::1"}
    assert named.url.raw_path == b"/hook?a=1"
    with pytest.raises(AddressRefusedError):
        await judge_address("http://192.168.0.1/", "10.0.0.0/8")
    assert (await judge_address("https://8.8.8.8/x", "")).url == httpx.URL("https://8.8.8.8/x")


def test_pushes_become_rarer_and_end() -> None:
    waits = [delay_after(attempts) for attempts in range(1, len(DELAYS) + 2)]
    assert waits[-1] is None
    assert waits[:-1] == sorted(DELAYS)


def test_verdicts_are_plain_json() -> None:
    verdict = Receiver(new_secret()).receive({}, b"", now_s=NOW_S)
    assert msgspec.json.decode(msgspec.json.encode(verdict))["verdict"] == "signature"
