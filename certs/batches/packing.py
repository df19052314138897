"""What is taken away of a batch: the signed files in one stream with their digests, and the list for handing them out."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from certs.batches.models import BatchLine
from certs.models import Credential
from certs.state import CredentialState
from exam.core.errors import NotFoundError
from exam.core.sheets.writer import write_workbook
from exam.core.storage import Storage
from exam.identity.api import list_people

_UNSAFE = re.compile(r"[^\w·-]+")
_DATED = (2026, 1, 1, 0, 0, 0)
"""One date for all members: the files carry their own."""


class Packed(msgspec.Struct, frozen=True, kw_only=True):
    """One certificate of a batch; `current` says whether it still stands as it did when it was chosen."""

    place: int
    holder: str
    number_masked: str
    qualification: str
    employer: str
    issued_on: date
    valid_until: date
    public_id: str
    version: int
    key: str
    digest: str
    current: bool

    @property
    def file(self) -> str:
        """Return the name of its file: place, holder, and eight characters of the public id."""
        return f"{self.place:05d}-{_UNSAFE.sub('', self.holder)}-{self.public_id[:8]}.pdf"


async def list_packed(session: AsyncSession, batch_id: UUID) -> list[Packed]:
    """Return what is made of a batch, in its order."""
    query = select(BatchLine.place, Credential).join(Credential, Credential.id == BatchLine.credential_id)
    query = query.where(BatchLine.batch_id == batch_id, BatchLine.outcome == "made").order_by(BatchLine.place)
    found = [(row[0], row[1]) for row in await session.execute(query)]
    people = await list_people(session, [row.person_id for _, row in found])
    return [_packed(place, row, people[row.person_id].name) for place, row in found if row.person_id in people]


def _packed(place: int, row: Credential, holder: str) -> Packed:
    return Packed(
        place=place,
        holder=holder,
        number_masked=row.number_masked,
        qualification=row.qualification,
        employer=row.employer,
        issued_on=row.issued_on,
        valid_until=row.valid_until_on,
        public_id=row.public_id,
        version=row.version,
        key=row.pdf_key or "",
        digest=row.pdf_digest.hex() if row.pdf_digest else "",
        current=row.status == CredentialState.ISSUED,
    )


class _Sink(io.RawIOBase):
    """Takes what the archive writes and gives it on: nothing of it is kept."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._held += data
        return len(data)

    def take(self) -> bytes:
        taken, self._held = bytes(self._held), bytearray()
        return taken


async def stream_archive(storage: Storage, packed: Sequence[Packed]) -> AsyncIterator[bytes]:
    """Yield a zip of the signed files, one file in memory at a time, with SHA256SUMS and a manifest at its end.

    A file that is gone or is not what was signed is left out, as is one whose certificate no longer stands; the
    manifest says so.
    """
    sink = _Sink()
    told: list[dict[str, object]] = []
    sums: list[str] = []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for each in packed:
            content = await _content(storage, each) if each.current else None
            if content is not None:
                archive.writestr(zipfile.ZipInfo(each.file, _DATED), content)
                sums.append(f"{each.digest}  {each.file}\n")
            told.append(_told(each, there=content is not None))
            yield sink.take()
        archive.writestr(zipfile.ZipInfo("SHA256SUMS", _DATED), "".join(sums))
        archive.writestr(zipfile.ZipInfo("manifest.json", _DATED), json.dumps(told, ensure_ascii=False, indent=1))
    yield sink.take()


async def _content(storage: Storage, each: Packed) -> bytes | None:
    try:
        content = await storage.get(each.key)
    except NotFoundError:
        return None
    return content if hashlib.sha256(content).hexdigest() == each.digest else None


def _told(each: Packed, *, there: bool) -> dict[str, object]:
    outcome = "included" if there else "missing" if each.current else "not_current"
    return {
        "place": each.place,
        "file": each.file if there else "",
        "outcome": outcome,
        "sha256": each.digest,
        "public_id": each.public_id,
        "version": each.version,
        "qualification": each.qualification,
    }


PICKUP_COLUMNS = (
    "序号",
    "姓名",
    "证书编号",
    "项目",
    "工作单位",
    "发证日期",
    "有效期至",
    "状态",
    "领取人签名",
    "领取日期",
)


def pickup_workbook(
    packed: Sequence[Packed], *, columns: Sequence[str], words: tuple[str, str], titles: dict[str, str]
) -> bytes:
    """Return the list by which certificates are handed out; `words` for one that stands and one that no longer does."""
    rows = [
        (
            each.place,
            each.holder,
            each.number_masked,
            titles[each.qualification],
            each.employer,
            each.issued_on.isoformat(),
            each.valid_until.isoformat(),
            words[0] if each.current else words[1],
            "",
            "",
        )
        for each in packed
    ]
    return write_workbook(columns, rows, sheet="领证签收表")
