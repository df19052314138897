"""One contract for files, whether they lie in a folder or in a bucket."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from exam.core.clock import FrozenClock
from exam.core.config import Settings, SettingsError
from exam.core.db.scope import Scope
from exam.core.errors import NotFoundError
from exam.core.object_store import PART_BYTES, StoreAwayError
from exam.core.runtime import Runtime
from exam.core.storage import DeletionUnprovenError, Piece, Storage, open_storage
from exam.web.ranges import ranged, ranged_file
from proctor.evidence.container import open_segment
from proctor.evidence.keys import read_key
from proctor.evidence.retention import delete_expired
from tests.builders.bucket import BUCKET, free_port, keep_versions, s3_server, settings_of
from tests.builders.sitting import COUNTY, make_bank, make_centre, make_sitting
from tests.integration.test_recordings import stored

KEY = "recordings/2026/考场 一.akv"
DATA = bytes(range(256))


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_server(tmp_path_factory.mktemp("s3") / "log") as url:
        yield url


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    settings = Settings(data_dir=tmp_path)
    if request.param == "bucket":
        settings = msgspec.structs.replace(settings, **settings_of(request.getfixturevalue("bucket"), tmp_path))
    return open_storage(settings)


async def test_what_is_put_is_there_replaced_and_gone(storage: Storage) -> None:
    for data in (DATA, b"", b"other"):
        await storage.put(KEY, data)
        assert await storage.get(KEY) == data
    await storage.delete(KEY)
    for missing in (storage.get(KEY), storage.get_piece(KEY, 0)):
        with pytest.raises(NotFoundError):
            await missing
    await storage.delete(KEY)  # gone already


@pytest.mark.parametrize(
    ("first", "last", "wanted"),
    [(0, None, DATA), (10, 19, DATA[10:20]), (250, 999, DATA[250:]), (255, 255, DATA[255:]), (256, None, b"")],
)
async def test_a_piece_is_read_alone(storage: Storage, first: int, last: int | None, wanted: bytes) -> None:
    await storage.put(KEY, DATA)
    assert await storage.get_piece(KEY, first, last) == Piece(wanted, len(DATA))


@pytest.mark.parametrize("asked", ["", "bytes=0-", "bytes=3-7", "bytes=250-999", "bytes=999-", "bytes=-5", "lines=1-2"])
async def test_a_player_gets_the_same_from_the_store_as_from_memory(storage: Storage, asked: str) -> None:
    await storage.put(KEY, DATA)
    stored, held = await ranged_file(storage, KEY, asked, "video/mp4"), ranged(DATA, asked, "video/mp4")
    assert (stored.content, stored.status_code, stored.headers) == (held.content, held.status_code, held.headers)


async def test_a_file_of_many_parts_is_whole(storage: Storage) -> None:
    data = DATA * (PART_BYTES // 256 + 4096)
    await storage.put(KEY, data)
    assert await storage.get(KEY) == data
    assert (await storage.get_piece(KEY, PART_BYTES - 8, PART_BYTES + 7)).data == data[PART_BYTES - 8 : PART_BYTES + 8]


async def test_a_large_file_goes_to_the_bucket_in_parts(bucket: str, tmp_path: Path) -> None:
    storage = open_storage(Settings(data_dir=tmp_path, **settings_of(bucket, tmp_path)))
    await storage.put("parts", bytes(PART_BYTES + 1))
    async with httpx.AsyncClient(trust_env=False) as client:
        tag = (await client.head(f"{bucket}/{BUCKET}/var/parts")).headers["etag"]
    assert tag.endswith('-2"')  # the store's own word for two parts


async def test_deletion_fails_where_the_bucket_keeps_versions(bucket: str, tmp_path: Path) -> None:
    storage = open_storage(Settings(data_dir=tmp_path, **settings_of(bucket, tmp_path)))
    keep_versions(bucket, keep=True)
    await storage.put(KEY, DATA)
    with pytest.raises(DeletionUnprovenError):
        await storage.delete(KEY)
    keep_versions(bucket, keep=False)
    await storage.put(KEY, DATA)
    await storage.delete(KEY)


async def test_a_recording_lies_in_the_bucket_until_its_years_are_over(
    bucket: str, tmp_path: Path, runtime: Runtime, clock: FrozenClock
) -> None:
    storage = open_storage(Settings(data_dir=tmp_path, **settings_of(bucket, tmp_path)))
    runtime = replace(runtime, storage=storage)
    await make_bank(runtime)
    sitting = await make_sitting(runtime, await make_centre(runtime))
    segment = await stored(runtime, sitting_id=sitting, attempt_id=None)
    key = f"recordings/{sitting}/{segment}.akv"
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        secret = await read_key(session, runtime.sealer, sitting)
    assert open_segment(await storage.get(key), secret).complete
    clock.advance(timedelta(days=4 * 365))
    await delete_expired(runtime)
    with pytest.raises(NotFoundError):
        await storage.get(key)


async def test_a_store_that_is_away_is_said_so_and_its_secret_must_be_there(tmp_path: Path) -> None:
    away = settings_of(f"http://127.0.0.1:{free_port()}", tmp_path)
    with pytest.raises(SettingsError):
        open_storage(Settings(data_dir=tmp_path, **away | {"storage_secret_file": tmp_path / "none"}))
    storage = open_storage(Settings(data_dir=tmp_path, **away))
    with pytest.raises(StoreAwayError):
        await storage.get(KEY)
