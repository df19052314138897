"""Witness processes in the test's own loop, reached over sockets as elsewhere."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from exam.cli.matrix.laboratory import served
from exam.cli.witness import WitnessApp
from exam.core.audit.note import VerifierKey
from exam.core.audit.policy import Group, Peer, Policy
from exam.core.audit.witness import Witness
from tests.builders.log import WITNESSES


@asynccontextmanager
async def witnessing(
    folder: Path, log: VerifierKey, names: Sequence[str] = ("w1", "w2", "w3")
) -> AsyncIterator[Policy]:
    """Serve some of the three witnesses; the policy names all three and wants two."""
    async with AsyncExitStack() as stack:
        for name in names:
            own = folder / name
            own.mkdir(exist_ok=True)
            witness = Witness(own, WITNESSES[name], [log])
            await stack.enter_async_context(served(WitnessApp(witness), folder / f"{name}.sock"))
        yield three_witnesses(folder)


def three_witnesses(folder: Path) -> Policy:
    """Return the policy of three witnesses on sockets in a folder, of which two are a quorum."""
    peers = {name: Peer(signer.key, f"unix:{folder / name}.sock") for name, signer in WITNESSES.items()}
    return Policy(witnesses=peers, groups={"W": Group(2, tuple(peers))}, quorum="W")
