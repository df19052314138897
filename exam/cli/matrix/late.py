"""One act in a process of its own, whose clock somebody has set back."""

import asyncio
import sys
from uuid import UUID

from certs.api import suspend
from exam.app import compose_runtime
from exam.cli.matrix.scenario import ROOT, staff
from exam.core.config import load_settings


async def act(credential: UUID) -> None:
    """Suspend a credential under this process's clock."""
    runtime = compose_runtime(load_settings())
    async with runtime.databases.transaction(ROOT) as session:
        regulator = staff("regulator", region="33/3301")
        await suspend(session, regulator, credential, reason="核查中", at=runtime.clock.now())
    await runtime.close()


if __name__ == "__main__":
    asyncio.run(act(UUID(sys.argv[1])))
