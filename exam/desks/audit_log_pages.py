"""The log to the world: checkpoints and tiles for whoever asks, heads, witnesses and alarms for the auditor."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.audit.merkle import ProofError
from exam.core.audit.proving import EntryProof, find_entry_proof, instant
from exam.core.audit.publication import CHECKPOINT, POLICY, WITNESSED, LogPublication
from exam.core.audit.standing import log_standing
from exam.core.audit.tiles import parse_tile_path
from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.web.policy import PUBLIC, allow

ROLE = "auditor"
TEXT = "text/plain; charset=utf-8"
TILE = "application/octet-stream"
CHANGING = {"Cache-Control": "public, max-age=2"}
UNCHANGING = {"Cache-Control": "public, max-age=31536000, immutable"}
PROOF_TYPE = "text/plain; charset=utf-8"


class LogFilesController(Controller):
    """The published log (C2SP tlog-tiles): no log-in, nothing personal, cacheable by anybody."""

    path = "/log"
    opt = PUBLIC
    tags = ("log",)
    include_in_schema = True

    @get("/checkpoint", media_type=TEXT)
    async def checkpoint(self, runtime: NamedDependency[Runtime]) -> Response[bytes]:
        """Return the newest checkpoint as the log has signed it."""
        return await _file(runtime, CHECKPOINT)

    @get("/witnessed", media_type=TEXT)
    async def witnessed(self, runtime: NamedDependency[Runtime]) -> Response[bytes]:
        """Return the newest checkpoint that enough witnesses have cosigned."""
        return await _file(runtime, WITNESSED)

    @get("/policy", media_type=TEXT)
    async def policy(self, runtime: NamedDependency[Runtime]) -> Response[bytes]:
        """Return the log's key, its witnesses and how many must agree (C2SP tlog-policy)."""
        return await _file(runtime, POLICY)

    @get("/tile/{where:path}", media_type=TILE)
    async def tile(self, runtime: NamedDependency[Runtime], where: FromPath[str]) -> Response[bytes]:
        """Return a tile of the tree, named as C2SP tlog-tiles names it."""
        tile, width = parse_tile_path(where.removeprefix("/"))
        content = await LogPublication(runtime.storage).tile(tile, width)
        return Response(content, media_type=TILE, headers=UNCHANGING)


async def _file(runtime: Runtime, key: str) -> Response[bytes]:
    content = await LogPublication(runtime.storage).find(key)
    if content is None:
        raise NotFoundError(file=key)
    return Response(content, media_type=TEXT, headers=CHANGING)


class AuditLogController(Controller):
    """Heads, witnesses, alarms, and the proof of one entry."""

    path = "/audit"
    opt = allow(ROLE)

    @get("/log")
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
    ) -> Template:
        at = runtime.clock.now()
        standing = await log_standing(session, LogPublication(runtime.storage))
        subject = ("audit", principal.region)
        await record(session, principal, "audit.log_read", subject, at=at, region=principal.region)
        context: dict[str, Any] = {"standing": standing, "alarms": standing.alarms(at), "instant": instant}
        return Template("desks/audit_log.html", context=context)

    @get("/entries/{entry_id:uuid}/proof")
    async def proof(
        self, session: NamedDependency[AsyncSession], runtime: NamedDependency[Runtime], entry_id: FromPath[UUID]
    ) -> Response[bytes]:
        found = await find_entry_proof(session, LogPublication(runtime.storage), entry_id)
        return proof_file(found, f"entry-{entry_id.hex[-12:]}")


def proof_file(found: EntryProof | None, name: str) -> Response[bytes]:
    """Send a proof as a file; raises NotFoundError before there is one."""
    if found is None or found.proof is None:
        raise NotFoundError
    headers = {"Content-Disposition": f'attachment; filename="{name}.tlog-proof"'}
    return Response(found.proof.to_bytes(), media_type=PROOF_TYPE, headers=headers)


class ShownProof(msgspec.Struct, frozen=True):
    """What the page of an entry says of its place in the log: `holds` is None while there is nothing to check."""

    holds: bool | None
    found: EntryProof | None = None


async def show_proof(session: AsyncSession, runtime: Runtime, entry_id: UUID) -> ShownProof:
    """Check an entry's proof for a page; one that fails is shown and not raised."""
    try:
        found = await find_entry_proof(session, LogPublication(runtime.storage), entry_id)
    except (ProofError, NotFoundError):
        return ShownProof(False)
    if found is None or found.proof is None:
        return ShownProof(None, found)
    return ShownProof(True, found)
