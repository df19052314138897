"""Forms for tests: a sitting's forms made and sealed as the worker makes them."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from questionbank.api import PreparedForms, prepare_forms

CODE = "special.1.2"
REGION = "33/3301"
START = timedelta(hours=2)


async def seal_forms(
    runtime: Runtime, sitting: UUID, keys: Sequence[str], *, standby: int = 0, code: str = CODE
) -> PreparedForms:
    """Make the forms of a sitting that starts in two hours."""
    async with runtime.databases.transaction(Scope(region="33"), Role.BANK) as session:
        return await prepare_forms(
            session,
            runtime,
            SYSTEM,
            sitting_id=sitting,
            qualification=code,
            region=REGION,
            starts_at=runtime.clock.now() + START,
            keys=keys,
            standby=standby,
        )
