"""Sealing under generations of keys: what it keeps, what it refuses, and how a process learns of a new one."""

import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam.core.config import Profile, Settings, SettingsError
from exam.core.crypto import Sealer, SealError
from exam.core.keyring import (
    REFRESH_S,
    GenerationUnknownError,
    KeyRing,
    Ring,
    SealAlgorithm,
    load_keyring,
    new_generation,
    write_private,
)

PLACE = "identity_person.id_sealed"
ALGORITHMS = list(SealAlgorithm)


class Watch:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def keyring(folder: Path, watch: Watch | None = None, algorithm: SealAlgorithm = SealAlgorithm.AES_256_GCM) -> KeyRing:
    load_keyring(Settings(profile=Profile.TEST, data_dir=folder, seal_algorithm=algorithm.value))
    return KeyRing(folder / "keyring.json", monotonic=watch or Watch())


@pytest.fixture(scope="module", params=ALGORITHMS)
def sealer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sealer:
    return Sealer(keyring(tmp_path_factory.mktemp("ring"), algorithm=request.param))


@settings(max_examples=50)
@given(text=st.text())
def test_what_is_sealed_opens_again(sealer: Sealer, text: str) -> None:
    assert sealer.open(sealer.seal(text, PLACE), PLACE) == text


@settings(max_examples=50)
@given(data=st.data())
def test_a_changed_bit_never_opens(sealer: Sealer, data: st.DataObject) -> None:
    sealed = bytearray(sealer.seal("33010619900101123X", PLACE))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((SealError, GenerationUnknownError)):
        sealer.open(bytes(sealed), PLACE)


@pytest.mark.parametrize("length", range(29))
def test_a_cut_value_is_a_broken_seal(sealer: Sealer, length: int) -> None:
    with pytest.raises(SealError):
        sealer.open(sealer.seal("", PLACE)[:length], PLACE)


def test_a_value_opens_only_in_its_own_place(sealer: Sealer) -> None:
    with pytest.raises(SealError):
        sealer.open(sealer.seal("x", PLACE), "identity_account.totp_sealed")


def test_an_index_is_bound_to_its_place_and_tells_nothing_else(sealer: Sealer) -> None:
    index = sealer.blind_index("33010619900101123X", PLACE)
    assert index == sealer.blind_index("33010619900101123X", PLACE)
    assert index != sealer.blind_index("33010619900101123X", "another")
    assert len(index) == 33


@pytest.mark.parametrize("newer", ALGORITHMS)
def test_an_older_generation_still_opens_and_is_still_found(tmp_path: Path, newer: SealAlgorithm) -> None:
    keys = keyring(tmp_path)
    sealer = Sealer(keys)
    sealed, index, lock = sealer.seal("old", PLACE), sealer.blind_index("old", PLACE), sealer.lock_key("old", PLACE)
    keys.store(keys.current().with_new(newer).using(2))
    assert sealer.open(sealed, PLACE) == "old"
    assert index in sealer.blind_indexes("old", PLACE)
    assert sealer.blind_index("old", PLACE) != index
    assert sealer.lock_key("old", PLACE) == lock
    assert sealer.seal("new", PLACE)[0] == 2


def test_another_process_learns_of_a_generation_within_the_refresh(tmp_path: Path) -> None:
    watch = Watch()
    here, there = keyring(tmp_path), keyring(tmp_path, watch)
    here.store(here.current().with_new(SealAlgorithm.AES_256_GCM))
    assert len(there.current().generations) == 1
    watch.now += REFRESH_S
    assert len(there.current().generations) == 2


def test_a_linked_ring_is_changed_where_the_link_points(tmp_path: Path) -> None:
    """The administrator's folder links to the ring of the processes that serve."""
    served, own = tmp_path / "served", tmp_path / "own"
    serving = keyring(served)
    own.mkdir()
    (own / "keyring.json").symlink_to(served / "keyring.json")
    linked = keyring(own)
    linked.store(linked.current().with_new(SealAlgorithm.AES_256_GCM))
    assert (own / "keyring.json").is_symlink()
    assert len(keyring(served).current().generations) == len(serving.current().generations) + 1


def test_a_ring_that_cannot_be_read_for_a_moment_stays_as_it_was(tmp_path: Path) -> None:
    watch = Watch()
    keys = keyring(tmp_path, watch)
    (tmp_path / "keyring.json").unlink()
    watch.now += REFRESH_S
    assert keys.current().in_use == 1


def test_a_lost_generation_is_named(tmp_path: Path) -> None:
    keys = keyring(tmp_path)
    sealer = Sealer(keys)
    sealed = sealer.seal("x", PLACE)
    keys.store(Ring(in_use=2, generations=(new_generation(2, SealAlgorithm.AES_256_GCM),)))
    with pytest.raises(GenerationUnknownError) as refusal:
        sealer.open(sealed, PLACE)
    assert refusal.value.fields == {"generation": 1}


def test_the_last_generation_has_no_next_one() -> None:
    ring = Ring(in_use=255, generations=(new_generation(255, SealAlgorithm.AES_256_GCM),))
    with pytest.raises(GenerationUnknownError):
        ring.with_new(SealAlgorithm.AES_256_GCM)


def test_keys_are_for_the_owners_eyes_and_never_printed(tmp_path: Path) -> None:
    keys = keyring(tmp_path)
    keys.store(keys.current().with_new(SealAlgorithm.SM4_GCM))
    assert stat.S_IMODE((tmp_path / "keyring.json").stat().st_mode) == 0o600
    shown = repr(keys.current())
    assert all(repr(each.sealing) not in shown and repr(each.index) not in shown for each in keys.current().generations)


def test_production_invents_no_keys(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        load_keyring(Settings(profile=Profile.PRODUCTION, data_dir=tmp_path))


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_private(path, b"a")
    write_private(path, b"b")
    assert (path.read_bytes(), [each.name for each in tmp_path.iterdir()]) == (b"b", ["file"])
