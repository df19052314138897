"""The worker's part: what was uploaded is put together, made playable in a limited process, and stored."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import msgspec
from sqlalchemy import select

from exam.core.audit.entry import Fact
from exam.core.db.scope import Scope
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.training.lessons.film import Film
from exam.training.lessons.package import Package
from exam.training.materials.errors import MakingFailedError, NotMadeError, UploadLeftError
from exam.training.materials.limited import Made, Progress, make_limited
from exam.training.materials.models import Material
from exam.training.materials.service import folder_of, note_material, part_key, parts_of

KEPT = {".mp4", ".m4s", ".jpg", ".file"}
STEP = 5
"""Progress is written at every so many percent."""
MOST_TRIES = 3
UPLOAD_WITHIN = timedelta(days=1)


async def run_make(runtime: Runtime, *, material_id: str, region: str) -> None:
    """Make a material that waits; one that was being made when a worker died is begun anew."""
    made = _Making(runtime, UUID(material_id), Scope(region=region))
    begun = await made.begin()
    if begun is None:
        return
    kind, size, tries = begun
    if tries > MOST_TRIES:  # the tries before this one ended without a word: storage or worker failed
        await made.end(None, MakingFailedError.code)
        await made.forget(parts_of(size))
        return
    async with _workplace(runtime) as place:
        source, folder = place / "source", place / "made"
        await asyncio.to_thread(folder.mkdir)
        await made.fetch(source, parts_of(size))
        try:
            whole = await make_limited(kind, source, folder, made.progress())
        except NotMadeError as error:
            await made.end(None, error.code)
        else:
            await made.store(folder)
            await made.end(whole, "")
    await made.forget(parts_of(size))


async def run_clear_uploads(runtime: Runtime) -> None:
    """Give up the uploads that were begun a day ago and never finished; their parts are deleted."""
    scope = Scope(region=runtime.settings.root_region)
    old = runtime.clock.now() - UPLOAD_WITHIN
    query = select(Material.id, Material.received).where(Material.state == "uploading", Material.created_at < old)
    async with runtime.databases.session(scope) as session:
        left = list(await session.execute(query))
    for material_id, received in left:
        made = _Making(runtime, material_id, scope)
        await made.forget(received)
        await made.end(None, UploadLeftError.code)


@asynccontextmanager
async def _workplace(runtime: Runtime) -> AsyncIterator[Path]:
    """Give a folder beside the data, where a film has room."""
    parent = runtime.settings.data_dir / "making"
    await asyncio.to_thread(parent.mkdir, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=parent) as name:
        yield Path(name)


class _Making:
    """One material on its way; every write is a transaction of its own."""

    def __init__(self, runtime: Runtime, material_id: UUID, scope: Scope) -> None:
        self._runtime, self._id, self._scope = runtime, material_id, scope

    async def begin(self) -> tuple[str, int, int] | None:
        """Mark the material as being made; return its kind, size and try, None if there is nothing to be done."""
        async with self._runtime.databases.transaction(self._scope) as session:
            row = await session.get(Material, self._id, with_for_update=True)
            if row is None or row.state not in {"waiting", "making"}:
                return None
            row.state, row.percent, row.tries = "making", 0, row.tries + 1
            return row.kind, row.size, row.tries

    async def fetch(self, source: Path, parts: int) -> None:
        """Put the parts together in a file."""
        with source.open("wb") as file:  # the writes go to a thread
            for place in range(parts):
                data = await self._runtime.storage.get(part_key(self._id, place))
                await asyncio.to_thread(file.write, data)

    def progress(self) -> Progress:
        """Return what writes down how far the making is."""
        written = 0

        async def tell(percent: int) -> None:
            nonlocal written
            if percent >= written + STEP:
                written = percent
                async with self._runtime.databases.transaction(self._scope) as session:
                    row = await session.get_one(Material, self._id, with_for_update=True)
                    row.percent = percent

        return tell

    async def store(self, folder: Path) -> None:
        """Put what was made into the storage; a film's playlist is written anew for whoever asks."""
        for path in await asyncio.to_thread(lambda: sorted(folder.iterdir())):
            if path.suffix in KEPT:
                data = await asyncio.to_thread(path.read_bytes)
                await self._runtime.storage.put(f"{folder_of(self._id)}/{path.name}", data)

    async def end(self, made: Made | None, reason: str) -> None:
        """Write down what came of it."""
        at = self._runtime.clock.now()
        async with self._runtime.databases.transaction(self._scope) as session:
            row = await session.get_one(Material, self._id, with_for_update=True)
            row.state, row.reason, row.finished_at = "ready" if made else "refused", reason, at
            facts: dict[str, Fact] = {"reason": reason}
            if made is not None:
                kept = msgspec.structs.replace(made, folder=folder_of(self._id))
                row.made, row.percent = msgspec.to_builtins(kept), 100
                facts = _facts(kept)
            await session.flush()
            await note_material(session, SYSTEM, "material.made" if made else "material.refused", row, facts, at)

    async def forget(self, parts: int) -> None:
        """Delete what was uploaded: it has been made, or cannot be."""
        for place in range(parts):
            await self._runtime.storage.delete(part_key(self._id, place))


def _facts(made: Made) -> dict[str, Fact]:
    if isinstance(made, Film):
        return {"length_ms": made.length_ms, "digest": made.digest}
    if isinstance(made, Package):
        return {"standard": made.standard, "files": made.files, "digest": made.digest}
    return {
        "pages": len(made.pages),
        "digest": sha256("".join(page.digest for page in made.pages).encode()).hexdigest(),
    }
