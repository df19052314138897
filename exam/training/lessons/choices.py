"""What a lesson can be for: the nodes of the programmes in force that a body may train for."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from exam.training.bodies.service import BodyView
from exam.training.kinds import title_of
from exam.training.programmes.service import list_programmes


async def lesson_targets(session: AsyncSession, body: BodyView) -> dict[str, Any]:
    """Return a page's choices: qualification and node by `qualification code`, each once."""
    targets = {
        f"{programme.qualification} {node.code}": (programme.qualification, node)
        for programme in await list_programmes(session, state="published")
        if programme.qualification in body.scope
        for node in programme.nodes
    }
    return {"targets": targets, "title_of": title_of}
