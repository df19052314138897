"""Identity numbers and credit codes: what is accepted, and that each mistake is named."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.core.errors import DomainError
from exam.identity import identifiers as ids

TODAY = date(2026, 7, 1)
VALID = "11010519491231002X"

bodies = st.builds(
    lambda area, born, sequence: f"{area:06d}{born:%Y%m%d}{sequence:03d}",
    st.integers(110000, 659999),
    st.dates(date(1910, 1, 1), date(2026, 6, 30)),
    st.integers(1, 999),
)
numbers = bodies.map(lambda body: body + ids.id_check_digit(body)).filter(lambda number: not number.endswith("000"))
code_bodies = st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17)


@pytest.mark.parametrize("number", ["11010519491231002X", "34052419800101001X", "440524188001010014"])
def test_published_check_vectors_agree(number: str) -> None:
    assert ids.id_check_digit(number[:-1]) == number[-1]


def test_a_number_tells_birth_and_sex() -> None:
    parsed = ids.parse_id_number(VALID, TODAY)

    assert (parsed.birth_on, parsed.sex, parsed.kind) == (date(1949, 12, 31), ids.Sex.FEMALE, ids.IdKind.RESIDENT)
    assert parsed.region_known


def test_spaces_go_and_a_small_x_becomes_large() -> None:
    assert ids.parse_id_number(" 110105 1949 1231\u3000002x\n", TODAY).value == VALID


@given(number=numbers)
def test_every_well_made_number_is_accepted(number: str) -> None:
    assert ids.parse_id_number(number, TODAY).value == number


@given(number=numbers, position=st.integers(0, 17), step=st.integers(1, 9))
def test_any_single_digit_change_is_refused(number: str, position: int, step: int) -> None:
    digit = number[position]
    changed = str((int(digit) + step) % 10) if digit.isdigit() else str(step)

    with pytest.raises(ids.IdNumberError):
        ids.parse_id_number(number[:position] + changed + number[position + 1 :], TODAY)


@given(number=numbers, position=st.integers(0, 16))
def test_two_swapped_neighbours_are_refused(number: str, position: int) -> None:
    swapped = number[:position] + number[position + 1] + number[position] + number[position + 2 :]
    if swapped == number:
        return

    with pytest.raises(ids.IdNumberError):
        ids.parse_id_number(swapped, TODAY)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("  ", ids.IdNumberEmptyError),
        ("１10105194912310020", ids.IdNumberFullWidthError),
        ("11010519491231002ｘ", ids.IdNumberFullWidthError),
        ("3.30106E+17", ids.IdNumberDigitsLostError),
        ("3.3010619900101123e+17", ids.IdNumberDigitsLostError),
        ("330106199001010000", ids.IdNumberDigitsLostError),
        ("330106199001010000.0", ids.IdNumberDigitsLostError),
        ("330106900101001", ids.IdNumberOldFormError),
        ("fra330082102310", ids.IdNumberOldForeignCardError),
        ("1101051949123100", ids.IdNumberLengthError),
        ("11010519491231002", ids.IdNumberLengthError),
        ("11010519491231002XX", ids.IdNumberLengthError),
        ("1101051949123100X2", ids.IdNumberCharacterError),
        ("11010519491231002*", ids.IdNumberCharacterError),
        ("²10105194912310020", ids.IdNumberCharacterError),
        ("110105194913310028", ids.IdNumberDateError),
        ("110105202702290021", ids.IdNumberDateError),
        ("110105202702280021", ids.IdNumberFutureError),
        ("440524188001010014", ids.IdNumberTooOldError),
        ("110105194912310021", ids.IdNumberCheckDigitError),
    ],
)
def test_each_mistake_has_its_own_error(text: str, error: type[DomainError]) -> None:
    with pytest.raises(error):
        ids.parse_id_number(text, TODAY)


def test_every_error_has_its_own_code_and_sentence() -> None:
    errors = [*ids.IdNumberError.__subclasses__(), *ids.CreditCodeError.__subclasses__()]

    assert len({error.code for error in errors}) == len(errors)
    assert len({error.message for error in errors}) == len(errors)


def test_an_error_never_carries_the_number() -> None:
    with pytest.raises(ids.IdNumberCheckDigitError) as caught:
        ids.parse_id_number("110105194912310021", TODAY)

    assert "1949" not in str(caught.value)


def test_the_birthday_decides_the_last_year() -> None:
    today = date(2026, 7, 1)
    turns_121_today = "110105190507010018"[:17]
    turns_121_tomorrow = "11010519050702001"

    with pytest.raises(ids.IdNumberTooOldError):
        ids.parse_id_number(turns_121_today + ids.id_check_digit(turns_121_today), today)
    assert ids.parse_id_number(turns_121_tomorrow + ids.id_check_digit(turns_121_tomorrow), today)


def test_someone_born_today_is_accepted_and_tomorrow_refused() -> None:
    bodies_by_day = [f"110105{day:%Y%m%d}001" for day in (TODAY, TODAY + timedelta(days=1))]
    today, tomorrow = (body + ids.id_check_digit(body) for body in bodies_by_day)

    assert ids.parse_id_number(today, TODAY).birth_on == TODAY
    with pytest.raises(ids.IdNumberFutureError):
        ids.parse_id_number(tomorrow, TODAY)


@pytest.mark.parametrize(
    ("area", "kind"),
    [
        ("810000", ids.IdKind.HONG_KONG),
        ("820000", ids.IdKind.MACAO),
        ("830000", ids.IdKind.TAIWAN),
        ("933156", ids.IdKind.FOREIGN),
    ],
)
def test_residence_permits_are_accepted_as_their_kind(area: str, kind: ids.IdKind) -> None:
    body = f"{area}19900307123"

    parsed = ids.parse_id_number(body + ids.id_check_digit(body), TODAY)

    assert (parsed.kind, parsed.birth_on, parsed.region_known) == (kind, date(1990, 3, 7), True)


def test_an_unknown_region_is_only_a_warning() -> None:
    body = "19010519491231002"

    assert not ids.parse_id_number(body + ids.id_check_digit(body), TODAY).region_known


def test_a_number_that_really_ends_in_zeros_is_accepted() -> None:
    sequences = (f"330106{year}0101{hundreds}00" for year in range(1960, 2000) for hundreds in range(1, 10))
    body = next(body for body in sequences if ids.id_check_digit(body) == "0")

    assert ids.parse_id_number(body + "0", TODAY).value == body + "0"


def test_masking_leaves_three_and_four_characters() -> None:
    assert ids.mask_id_number("11010519491231123X") == "110***********123X"
    assert ids.mask_id_number("1234567") == "*******"
    assert "1949" not in repr(ids.parse_id_number(VALID, TODAY))


@pytest.mark.parametrize("code", ["91350100M000100Y43", "91330100799655058B", "91110000802100433B"])
def test_published_credit_codes_are_accepted(code: str) -> None:
    assert ids.parse_uscc(code) == code


def test_a_credit_code_is_raised_to_upper_case() -> None:
    assert ids.parse_uscc(" 91350100m000100y43 ") == "91350100M000100Y43"


@given(body=code_bodies)
def test_every_well_made_credit_code_is_accepted(body: str) -> None:
    code = body + ids.uscc_check(body)

    assert ids.parse_uscc(code) == code


@given(body=code_bodies, position=st.integers(0, 17), replacement=st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_any_single_character_change_of_a_credit_code_is_refused(body: str, position: int, replacement: str) -> None:
    code = body + ids.uscc_check(body)
    changed = code[:position] + replacement + code[position + 1 :]
    if changed == code:
        return

    with pytest.raises(ids.CreditCodeCheckError):
        ids.parse_uscc(changed)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", ids.CreditCodeEmptyError),
        ("９1350100M000100Y43", ids.CreditCodeFullWidthError),
        ("91350100M000100Y4", ids.CreditCodeLengthError),
        ("91350100MO00100Y43", ids.CreditCodeCharacterError),
        ("91350100M000100Y4Z", ids.CreditCodeCharacterError),
        ("91350100M000100Y44", ids.CreditCodeCheckError),
    ],
)
def test_each_credit_code_mistake_has_its_own_error(text: str, error: type[DomainError]) -> None:
    with pytest.raises(error):
        ids.parse_uscc(text)
