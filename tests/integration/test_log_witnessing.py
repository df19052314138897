"""The signer and its witnesses: quorum, absence, a log that lost something, and a key in other hands."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from exam.app import compose_runtime
from exam.core.audit.custody import Custody, SignedState
from exam.core.audit.errors import LogBehindError
from exam.core.audit.note import VerifierKey
from exam.core.audit.policy import QuorumError
from exam.core.audit.publication import CHECKPOINT, WITNESSED
from exam.core.clock import FrozenClock
from exam.core.config import Settings
from exam.core.runtime import Runtime
from tests.builders.log import ORIGIN, SEEN_AT, new_signer, note_acts, signing
from tests.builders.witnesses import witnessing
from tests.integration.test_log_signing import as_superuser
from tests.services import Services


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a short path: a socket's name has a hundred characters at most."""
    with TemporaryDirectory(prefix="ankao-w-") as made:
        yield Path(made)


@pytest.fixture
def log_key(runtime: Runtime) -> VerifierKey:
    return new_signer(runtime).policy.logs[0].key


async def test_a_quorum_makes_a_head_count(runtime: Runtime, folder: Path, log_key: VerifierKey) -> None:
    async with witnessing(folder, log_key) as policy, signing(runtime, policy) as log:
        for count in (1, 300, 5):
            await note_acts(runtime, count)
            head = await log.turn()
            assert head.cosigned == {"w1": SEEN_AT, "w2": SEEN_AT, "w3": SEEN_AT}
        pinned = log.signer.policy
        assert pinned.accept(await log.publication.find(WITNESSED) or b"").checkpoint.size == 306


async def test_one_may_be_away_and_two_may_not(runtime: Runtime, folder: Path, log_key: VerifierKey) -> None:
    """TRUST.md B3: without a quorum the log goes on, and says that it is not yet witnessed."""
    await note_acts(runtime, 3)
    async with witnessing(folder, log_key, ["w1", "w3"]) as policy, signing(runtime, policy) as log:
        assert (await log.turn()).cosigned.keys() == {"w1", "w3"}
    await note_acts(runtime, 2)
    async with witnessing(folder, log_key, ["w2"]) as policy, signing(runtime, policy) as log:
        assert (await log.turn()).cosigned.keys() == {"w2"}
        pinned = log.signer.policy
        newest = await log.publication.find(CHECKPOINT)
        with pytest.raises(QuorumError):
            pinned.accept(newest or b"")
        older = await log.publication.find(WITNESSED)
        assert pinned.accept(older or b"").checkpoint.size == 3
    async with witnessing(folder, log_key) as policy, signing(runtime, policy) as log:
        assert (await log.turn()).cosigned.keys() == {"w1", "w2", "w3"}


async def test_a_log_that_lost_its_memory_and_its_leaves_hears_it_from_a_witness(
    runtime: Runtime, folder: Path, log_key: VerifierKey, settings: Settings
) -> None:
    """TRUST.md E6: yesterday's backup put over today's database and the signer's folder."""
    async with witnessing(folder, log_key) as policy:
        await note_acts(runtime, 3)
        async with signing(runtime, policy) as log:
            await log.turn()
            state = log.signer._custody.load()
            await note_acts(runtime, 4)
            await log.turn()
        as_superuser(settings, "delete from core_log_leaf where index >= 3")
        Custody.open(settings.signer_folder, name=ORIGIN, may_create=False).save(state)
        async with signing(runtime, policy) as log:
            with pytest.raises(LogBehindError) as stopped:
                await log.turn()
    assert stopped.value.fields == {"size": 3, "signed": 7}


async def test_a_log_that_was_put_back_while_it_ran_hears_it_too(
    runtime: Runtime, folder: Path, log_key: VerifierKey, settings: Settings
) -> None:
    async with witnessing(folder, log_key) as policy, signing(runtime, policy) as log:
        await note_acts(runtime, 7)
        await log.turn()
        as_superuser(settings, "delete from core_log_leaf where index >= 3")
        with pytest.raises(LogBehindError):
            await log.turn()


async def test_two_cities_witness_each_other_and_one_cannot_take_back_what_the_other_saw(
    runtime: Runtime, services: Services, clock: FrozenClock, folder: Path, settings: Settings
) -> None:
    with services.database() as elsewhere:
        async with AsyncExitStack() as stack:
            other = compose_runtime(elsewhere, clock=clock)
            stack.push_async_callback(other.close)
            logs = []
            for city, name, seen_by in ((runtime, ORIGIN, "w2"), (other, "ankao.elsewhere.example/log", "w1")):
                key = new_signer(city, name=name).policy.logs[0].key
                policy = await stack.enter_async_context(witnessing(folder, key, [seen_by]))
                await note_acts(city, 3)
                logs.append(await stack.enter_async_context(signing(city, policy, name)))
            # each city's witness knows the other's log alone
            assert [list((await log.turn()).cosigned) for log in logs] == [["w2"], ["w1"]]
            as_superuser(settings, "delete from core_log_leaf where index >= 1")
            await note_acts(other, 2)
            with pytest.raises(LogBehindError):
                await logs[0].turn()
            assert (await logs[1].turn()).checkpoint.size == 5


async def test_a_fork_under_the_logs_own_key_finds_no_witness(
    runtime: Runtime, folder: Path, log_key: VerifierKey, settings: Settings
) -> None:
    """TRUST.md matrix 12 and 17: other entries, the right key; nobody signs."""
    async with witnessing(folder, log_key) as policy:
        await note_acts(runtime, 7)
        async with signing(runtime, policy) as log:
            await log.turn()
        as_superuser(
            settings, "delete from core_log_leaf", "delete from core_audit_salt", "delete from core_audit_entry"
        )
        await note_acts(runtime, 9, act="other.done")
        Custody.open(settings.signer_folder, name=ORIGIN, may_create=False).save(SignedState())
        forked = new_signer(runtime, policy)
        forked._asked = True  # a thief does not ask
        async with signing(runtime, policy) as log:
            head = await forked.turn(log.connection)
    assert (head.checkpoint.size, head.cosigned) == (9, {})


async def test_another_key_under_the_same_name_finds_no_witness(runtime: Runtime, folder: Path) -> None:
    other = VerifierKey(ORIGIN, 1, Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    await note_acts(runtime, 2)
    async with witnessing(folder, other) as policy, signing(runtime, policy) as log:
        assert (await log.turn()).cosigned == {}


async def test_cosignatures_of_a_standing_log_stay_fresh(
    runtime: Runtime, folder: Path, log_key: VerifierKey, clock: FrozenClock
) -> None:
    await note_acts(runtime, 2)
    async with witnessing(folder, log_key) as policy, signing(runtime, policy) as log:
        await log.turn()
        clock.advance(timedelta(seconds=10))
        head = await log.turn()
    assert len(head.note.signatures) == 4
