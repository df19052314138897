"""Personal names: what identity cards print is right, and what hides or misleads is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.core.errors import DomainError
from exam.identity import names

han = st.sampled_from("张伟李娜䶮𬭳㛃𠮷〇\U00030000\U00031350\U0002ebf0")


@pytest.mark.parametrize(
    "name", ["䶮", "𬭳", "㛃", "张伟", "欧阳娜娜", "Zoë Müller-O’Neil", "J. Smith", "Nguyễn Văn Lễ"]
)
def test_real_names_are_kept_as_typed(name: str) -> None:
    assert names.normalise_name(name) == name


@pytest.mark.parametrize("dot", "·•‧・∙･●")
def test_every_middle_dot_is_kept_as_typed(dot: str) -> None:
    assert names.normalise_name(f"阿不都{dot}买买提") == f"阿不都{dot}买买提"


@pytest.mark.parametrize("dot", "·•‧・∙･●")
def test_spellings_with_different_dots_match(dot: str) -> None:
    assert names.name_match_key(f"阿不都{dot}买买提") == names.name_match_key("阿不都·买买提")


@pytest.mark.parametrize("text", ["张 伟", "张\u3000\u3000伟", " 张伟\n"])
def test_padding_between_han_characters_goes(text: str) -> None:
    assert names.normalise_name(text) == "张伟"


def test_a_compatibility_ideograph_stays_the_character_on_the_card() -> None:
    assert names.normalise_name("張\ufa19") == "張\ufa19"


def test_a_decomposed_latin_letter_is_composed() -> None:
    assert names.normalise_name("Zoe\u0308") == "Zoë"


@given(name=st.text(han, min_size=1, max_size=50))
def test_han_characters_of_every_plane_are_names(name: str) -> None:
    assert names.normalise_name(name) == name


@given(text=st.text(max_size=60))
def test_whatever_is_accepted_stays_the_same_the_second_time(text: str) -> None:
    try:
        name = names.normalise_name(text)
    except DomainError:
        return

    assert names.normalise_name(name) == name


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", names.NameEmptyError),
        ("\u3000", names.NameEmptyError),
        ("张1", names.NameCharacterError),
        ("张１", names.NameCharacterError),
        ("张<b>", names.NameCharacterError),
        ("张（三）", names.NameCharacterError),
        ("张😀", names.NameCharacterError),
        ("✝John", names.NameCharacterError),
        ("张\ue863", names.NameCharacterError),
        ("张\u0301", names.NameCharacterError),
        ("阿不都.买买提", names.NameCharacterError),
        ("张\u200b伟", names.NameInvisibleError),
        ("\ufeff张伟", names.NameInvisibleError),
        ("张\u202e伟", names.NameInvisibleError),
        ("张\x00伟", names.NameInvisibleError),
        ("葛\U000e0100城", names.NameInvisibleError),
        ("·张", names.NameDotError),
        ("张·", names.NameDotError),
        ("阿不都··买买提", names.NameDotError),
        ("J", names.NameLengthError),
        ("张" * 51, names.NameLengthError),
    ],
)
def test_what_is_no_name_is_refused_by_its_cause(text: str, error: type[DomainError]) -> None:
    with pytest.raises(error):
        names.normalise_name(text)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("䶮", "*"),
        ("张伟", "张*"),
        ("张小伟", "张*伟"),
        ("欧阳娜", "欧阳*"),
        ("欧阳娜娜", "欧阳**"),
        ("张王小伟", "张**伟"),
        ("𬭳㛃䶮", "𬭳*䶮"),
        ("买买提·吐尔逊", "买**·***"),
        ("John Smith", "J*** S****"),
        ("", ""),
    ],
)
def test_a_masked_name_keeps_only_what_its_owner_recognises(name: str, masked: str) -> None:
    assert names.mask_name(name) == masked
