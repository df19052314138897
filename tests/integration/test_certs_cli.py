"""`ankao verify`: files, codes and people; online against the register, offline against a pinned key alone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from certs.api import check_file
from certs.envelope import seal_file
from certs.keys import load_documents, load_signer
from certs.publishing import LIST_KEY, publish_status
from certs.qr import encode_payload
from certs.signing import KeyRing
from exam.app import compose_runtime
from exam.cli.verify import command
from exam.core.config import Settings
from exam.core.runtime import Runtime
from tests.builders.certs import BUREAU, NAME, ROOT, Certified, certified
from tests.builders.documents import payload, signer
from tests.builders.log import signing
from tests.builders.sitting import id_number

CODE_VALID, CODE_INVALID, CODE_UNCHECKED = 0, 1, 2


@pytest.fixture
async def runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """Compose the product under the machine's own clock, which is the command's."""
    built = compose_runtime(settings)
    yield built
    await built.close()


@pytest.fixture
async def holder(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Certified:
    """Issue a certificate and let commands find the test's database."""
    monkeypatch.setenv("DATABASE_URL", runtime.settings.database_url)
    monkeypatch.setenv("VALKEY_URL", runtime.settings.valkey_url)
    monkeypatch.setenv("ANKAO_DATA_DIR", str(runtime.settings.data_dir))
    monkeypatch.setenv("ANKAO_PROFILE", "test")
    return await certified(runtime)


def ring_of(runtime: Runtime) -> KeyRing:
    """Return the installation's keys, of credentials and of documents, as a verifier pins them."""
    names = load_signer(runtime.settings), load_documents(runtime.settings).name
    return KeyRing([each.pinned_as(BUREAU) for each in names])


@pytest.fixture
def pinned(runtime: Runtime, tmp_path: Path) -> Path:
    """Write the file of public keys as a verifier pins it."""
    path = tmp_path / "keys.json"
    path.write_bytes(ring_of(runtime).to_json())
    return path


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every way to the register away."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")


async def _run(*arguments: str | Path, stdin: str = "") -> Result:
    """Run the command beside this test's loop, as a process of its own would."""
    return await asyncio.to_thread(CliRunner().invoke, command, list(map(str, arguments)), stdin)


def _json(result: Result) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(result.stdout)
    return decoded


async def test_the_code_of_a_valid_certificate(holder: Certified, runtime: Runtime) -> None:
    async with signing(runtime) as log:
        signed = (await log.turn()).checkpoint
    result = await _run("--qr", holder.qr_text, "--json")
    told = _json(result)
    assert (result.exit_code, told["valid"], told["status"], told["reasons"]) == (CODE_VALID, True, "valid", [])
    assert told["number_masked"] == f"T330***********{holder.number[-4:]}"
    assert 0 < told["log"]["index"] < signed.size
    assert (told["log"]["size"], told["log"]["cosigned_by"]) == (signed.size, [])


async def test_the_file_of_a_valid_certificate(holder: Certified, tmp_path: Path) -> None:
    path = tmp_path / "c.pdf"
    path.write_bytes(holder.pdf)
    result = await _run(path, "--json")
    assert (result.exit_code, _json(result)["file"]) == (CODE_VALID, "issued_copy")
    path.write_bytes(holder.pdf.replace(b"Ankao", b"Ankbo", 1))
    changed = await _run(path, "--json")
    assert (changed.exit_code, _json(changed)["status"]) == (CODE_INVALID, "altered")


@pytest.mark.parametrize("as_json", [True, False])
async def test_name_and_number_come_on_standard_input(holder: Certified, *, as_json: bool) -> None:
    lines = f"{NAME}\n{holder.number}\n"
    person = msgspec.json.encode({"name": NAME, "number": holder.number}).decode() if as_json else lines
    result = await _run("--person", "-", "--json", stdin=person)
    assert (result.exit_code, _json(result)["status"]) == (CODE_VALID, "valid")
    other = await _run("--person", "-", "--json", stdin=f"李四\n{holder.number}")
    assert (other.exit_code, _json(other)["status"]) == (CODE_INVALID, "not_found")


async def test_words_for_people_hide_what_they_must(holder: Certified) -> None:
    result = await _run("--qr", holder.qr_text)
    assert result.exit_code == CODE_VALID
    assert result.stdout.startswith("有效\n")
    assert NAME not in result.stdout
    assert holder.number[1:] not in result.stdout


async def test_a_revoked_certificate_is_not_valid(runtime: Runtime, holder: Certified) -> None:
    async with runtime.databases.transaction(ROOT) as session:
        await session.execute(text("update certs_credential set status = 'revoked'"))
    result = await _run("--qr", holder.qr_text, "--json")
    assert (result.exit_code, _json(result)["reasons"]) == (CODE_INVALID, ["revoked"])


@pytest.mark.usefixtures("no_database")
async def test_offline_knows_the_genuine_and_not_its_status(holder: Certified, pinned: Path, tmp_path: Path) -> None:
    path = tmp_path / "c.pdf"
    path.write_bytes(holder.pdf)
    for asked in (("--qr", holder.qr_text), (path,)):
        result = await _run(*asked, "--offline", "--key", pinned, "--json")
        told = _json(result)
        assert (result.exit_code, told["status"]) == (CODE_VALID, "authentic")
        assert told["reasons"] == ["status_unknown_offline"]
        assert told["credentials"][0]["issuer"] == BUREAU


@pytest.mark.usefixtures("no_database")
async def test_offline_refuses_what_another_key_signed(holder: Certified, pinned: Path, tmp_path: Path) -> None:
    forged = encode_payload(payload(), signer(9))
    result = await _run("--qr", forged, "--offline", "--key", pinned, "--json")
    assert (result.exit_code, _json(result)["status"]) == (CODE_INVALID, "forged")
    path = tmp_path / "c.pdf"
    path.write_bytes(seal_file(holder.pdf, signer(9)))
    resealed = await _run(path, "--offline", "--key", pinned, "--json")
    assert (resealed.exit_code, _json(resealed)["status"]) == (CODE_INVALID, "altered")


def _mutations(pdf: bytes) -> Sequence[bytes]:
    start = pdf.rindex(b"/Contents <")
    end = pdf.index(b">", start)
    places = [*range(10, len(pdf), len(pdf) // 60), *range(start, end + 1, 90), *range(len(pdf) - 40, len(pdf))]
    flipped = [pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :] for at in places]
    lower = pdf[:start] + pdf[start:end].lower() + pdf[end:]
    return [*flipped, pdf[:start], pdf + b"\n", pdf[:-1], pdf + pdf[start:], lower]


async def test_no_changed_byte_of_a_file_passes_offline(runtime: Runtime, holder: Certified) -> None:
    ring = ring_of(runtime)
    assert check_file(holder.pdf, ring, at=runtime.clock.now()).valid
    passed = [data for data in _mutations(holder.pdf) if check_file(data, ring, at=runtime.clock.now()).valid]
    assert passed == []


@pytest.mark.parametrize(
    "arguments",
    [(), ("--qr", "AK1.A", "--person", "-"), ("--offline", "--qr", "AK1.A"), ("--offline", "--person", "-")],
)
async def test_unclear_questions_are_usage_errors(arguments: Sequence[str]) -> None:
    assert (await _run(*arguments)).exit_code == CODE_UNCHECKED


@pytest.mark.usefixtures("holder")
@pytest.mark.parametrize(
    ("arguments", "stdin", "reason"),
    [
        (("--qr", "hello"), "", "qr_malformed"),
        (("--person", "-"), "张三", "person_format"),
        (("--person", "-"), "张三\n12", "credential_number"),
        (("--person", "-"), '{"name": "张三"}', "person_format"),
    ],
)
async def test_what_cannot_be_read_is_not_called_invalid(arguments: Sequence[str], stdin: str, reason: str) -> None:
    result = await _run(*arguments, "--json", stdin=stdin)
    told = _json(result)
    assert (result.exit_code, told["status"], told["reasons"]) == (CODE_UNCHECKED, "unchecked", [reason])
    assert {"valid", "number_masked", "log"} <= set(told)


@pytest.mark.usefixtures("holder", "no_database")
async def test_an_unreachable_register_is_not_an_answer() -> None:
    result = await _run("--person", "-", "--json", stdin=f"{NAME}\nT{id_number(0)}")
    assert (result.exit_code, _json(result)["reasons"]) == (CODE_UNCHECKED, ["register_unreachable"])


async def test_arguments_take_no_name_and_no_number(tmp_path: Path) -> None:
    path = tmp_path / "not.pdf"
    path.write_bytes(b"MZ")
    assert (await _run("--person", "张三")).exit_code == CODE_UNCHECKED
    assert (await _run("--name", "张三")).exit_code == CODE_UNCHECKED


@pytest.mark.usefixtures("no_database")
async def test_offline_with_a_signed_list_the_status_is_as_of_its_date(
    holder: Certified, runtime: Runtime, pinned: Path, tmp_path: Path
) -> None:
    await publish_status(runtime)
    statuses = tmp_path / "list.jwt"
    statuses.write_bytes(await runtime.storage.get(LIST_KEY))
    offline = ("--offline", "--key", pinned, "--status-list", statuses)
    told = _json(await _run("--qr", holder.qr_text, *offline, "--json"))
    assert (told["valid"], told["status"], told["reasons"]) == (True, "authentic", ["status_as_of_list"])
    assert "签署的状态清单为准" in (await _run("--qr", holder.qr_text, *offline)).stdout
    statuses.write_bytes(statuses.read_bytes()[:-1])
    broken = await _run("--qr", holder.qr_text, *offline, "--json")
    assert (broken.exit_code, _json(broken)["reasons"]) == (CODE_UNCHECKED, ["status_list"])
    assert (await _run("--qr", holder.qr_text, "--status-list", statuses)).exit_code == CODE_UNCHECKED
