"""Folding the log back into forms: pool, seed and every form's key are those that were committed before the exam."""

from collections.abc import AsyncIterator, Iterable
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.folding import Difference, LeafEntry
from questionbank.forms.canonical import digest_of
from questionbank.forms.committed import COMMITTED, PREPARED
from questionbank.forms.models import Draw, FormRow


class FormCommitment(NamedTuple):
    """What is committed of one form before the exam."""

    id: str
    key: str
    candidate_digest: str
    scoring_digest: str


def forms_digest(forms: Iterable[FormCommitment]) -> str:
    """Return the commitment to the forms of one round."""
    return digest_of(msgspec.json.encode(sorted(forms)))


class FormFold:
    """Draws and their rounds as the log has them."""

    def __init__(self) -> None:
        self._draws: dict[str, dict[str, Any]] = {}
        self._rounds: dict[tuple[str, int], str] = {}

    def take(self, entry: LeafEntry) -> None:
        if entry.act != PREPARED:
            return
        draw = str(entry.facts["draw"])
        self._draws[draw] = {name: entry.facts.get(name, "") for name in COMMITTED}
        self._rounds[draw, int(entry.facts["round"] or 0)] = str(entry.facts.get("forms_digest"))

    async def differences(self, session: AsyncSession) -> AsyncIterator[Difference]:
        columns = (Draw.id, *(getattr(Draw, name) for name in COMMITTED))
        rows = await session.execute(select(*columns))
        stored = {str(draw): dict(zip(COMMITTED, committed, strict=True)) for draw, *committed in rows}
        for draw in stored.keys() | self._draws.keys():
            if stored.get(draw) != self._draws.get(draw):
                yield Difference(code="draw_changed", subject=draw)
        rounds = await self._stored_rounds(session)
        for draw, number in rounds.keys() | self._rounds.keys():
            if rounds.get((draw, number)) != self._rounds.get((draw, number)):
                yield Difference(code="forms_changed", subject=draw, detail={"round": number})

    async def _stored_rounds(self, session: AsyncSession) -> dict[tuple[str, int], str]:
        columns = (FormRow.draw_id, FormRow.round, *(getattr(FormRow, name) for name in FormCommitment._fields))
        forms: dict[tuple[str, int], list[FormCommitment]] = {}
        for draw_id, number, *form in await session.execute(select(*columns)):
            forms.setdefault((str(draw_id), number), []).append(FormCommitment(*map(str, form)))
        return {key: forms_digest(rows) for key, rows in forms.items()}
