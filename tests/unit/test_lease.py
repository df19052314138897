import base64
import hashlib
import hmac
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam.core.errors import Kind
from exam.delivery.lease import Lease, LeaseInvalidError, check, check_pass, mint, mint_pass

SECRET, OLD_SECRET = b"s" * 32, b"o" * 32
THUMB = base64.urlsafe_b64encode(hashlib.sha256(b"terminal").digest()).decode().rstrip("=")
LEASE = Lease(UUID("01939c6e-0000-7000-8000-000000000001"), 3, THUMB)
LEASES = st.builds(
    Lease,
    st.uuids(),
    st.integers(0, 2**31),
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=43),
)


@given(LEASES)
def test_a_minted_lease_reads_back(lease: Lease) -> None:
    token = mint(lease, SECRET)
    assert token.isascii()
    assert check(token, [SECRET]) == lease


def test_a_waiting_terminals_pass_is_no_lease_and_a_lease_no_pass() -> None:
    assert check_pass(mint_pass(LEASE, SECRET), [SECRET]) == LEASE
    renamed = "v1" + mint_pass(LEASE, SECRET)[2:]
    for read, token in ((check, mint_pass(LEASE, SECRET)), (check, renamed), (check_pass, mint(LEASE, SECRET))):
        with pytest.raises(LeaseInvalidError):
            read(token, [SECRET])


def test_the_token_has_the_stated_form() -> None:
    claim = f"v1.01939c6e000070008000000000000001.3.{THUMB}"
    mac = hmac.new(SECRET, b"ankao-lease\x00" + claim.encode(), "sha256").digest()
    assert mint(LEASE, SECRET) == f"{claim}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


@settings(max_examples=200)
@given(st.data())
def test_a_token_with_any_character_changed_is_refused(data: st.DataObject) -> None:
    token = mint(LEASE, SECRET)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda character: character != token[at]))
    with pytest.raises(LeaseInvalidError):
        check(token[:at] + other + token[at + 1 :], [SECRET])


@given(st.text(max_size=300))
def test_no_text_passes_for_a_token(text: str) -> None:
    with pytest.raises(LeaseInvalidError):
        check(text, [SECRET, OLD_SECRET])


@pytest.mark.parametrize("token", ["", ".", "v1....", mint(LEASE, SECRET)[:-1], mint(LEASE, SECRET) + "=", "v" * 999])
def test_a_mangled_token_is_refused(token: str) -> None:
    with pytest.raises(LeaseInvalidError):
        check(token, [SECRET])


def test_the_mac_of_one_epoch_does_not_serve_another() -> None:
    mac = mint(LEASE, SECRET).rpartition(".")[2]
    forged = f"v1.{LEASE.attempt_id.hex}.4.{THUMB}.{mac}"
    with pytest.raises(LeaseInvalidError):
        check(forged, [SECRET])


def test_an_old_secret_serves_while_keys_rotate_and_not_after() -> None:
    token = mint(LEASE, OLD_SECRET)
    assert check(token, [SECRET, OLD_SECRET]) == LEASE
    with pytest.raises(LeaseInvalidError):
        check(token, [SECRET])


def test_without_any_secret_nothing_passes() -> None:
    with pytest.raises(LeaseInvalidError):
        check(mint(LEASE, SECRET), [])


def test_the_refusal_repeats_nothing_of_the_token() -> None:
    with pytest.raises(LeaseInvalidError) as refusal:
        check("v1.forged", [SECRET])
    assert refusal.value.fields == {}
    assert refusal.value.kind is Kind.UNAUTHENTICATED


@pytest.mark.parametrize("lease", [Lease(LEASE.attempt_id, -1, THUMB), Lease(LEASE.attempt_id, 1, "a.b")])
def test_a_lease_that_could_be_misread_is_not_minted(lease: Lease) -> None:
    with pytest.raises(ValueError, match="thumbprint"):
        mint(lease, SECRET)
