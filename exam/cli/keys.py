"""`ankao keys`: make an installation's keys, hand them out, and change those that seal personal data while people work."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import rich_click as click
from rich.console import Console
from rich.progress import Progress

from certs.api import create_document_key, create_signing_key, grouped, prove_key
from exam.app import PLUGINS
from exam.cli.context import command_runtime
from exam.cli.signer import open_custody
from exam.core.audit.ledger import record
from exam.core.config import Settings, load_settings
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.keyring import FILE_NAME as RING_FILE
from exam.core.keyring import REFRESH_S, KeyRing, SealAlgorithm, create_keyring, load_keyring
from exam.core.principal import SYSTEM
from exam.core.reseal import SealedColumn, count_generations, reseal
from exam.core.runtime import Runtime
from exam.core.secrets import FILE_NAME, NEEDS, create_secrets, load_secrets, store_share
from exam.core.token_keys import Curve, create_token_key

SETTLE_S = 2 * REFRESH_S + 1
"""After so long every process has looked at the ring again."""

data_dir_option = click.option(
    "--data-dir", type=click.Path(path_type=Path), default=None, help="Data directory of `ankao up` [var]."
)


def sealed_columns() -> list[SealedColumn]:
    """Return every column of every package that holds sealed values."""
    return [column for plugin in PLUGINS for column in plugin.sealed]


@click.group()
def command() -> None:
    """Make an installation's keys, hand them out, and change those that seal personal data."""


@command.command("list")
@data_dir_option
def show(data_dir: Path | None) -> None:
    """Show how many values each generation has sealed."""
    asyncio.run(_show(data_dir))


async def _show(data_dir: Path | None) -> None:
    async with command_runtime(data_dir) as runtime:
        ring = load_keyring(runtime.settings).current()
        for each in ring.generations:
            word = "  in use" if each.number == ring.in_use else ""
            click.echo(f"{each.number:3}  {each.algorithm}{word}")
        for column in sealed_columns():
            counts = (await count_generations(runtime.databases, column)).by_generation
            words = ", ".join(f"{number}: {count}" for number, count in counts.items()) or "-"
            click.echo(f"{column.table}.{column.column}  {words}  {column.fixed}".rstrip())


@command.command()
@data_dir_option
def create(data_dir: Path | None) -> None:
    """Make the secrets and the key ring of a new installation; what is there already stays as it is."""
    settings = _settings(data_dir)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    create_secrets(settings.data_dir / FILE_NAME)
    create_keyring(settings)
    for name in (FILE_NAME, RING_FILE):
        click.echo(settings.data_dir / name)


@command.command("create-signer")
@data_dir_option
def create_signer(data_dir: Path | None) -> None:
    """Make the keys of a new log, its credentials and their documents, under the signer's user; what is there already stays."""
    settings = _settings(data_dir)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if settings.log_key:
        create_token_key(settings.log_key, Curve.ED25519)
    custody = open_custody(settings, may_create=True)
    click.echo(f"log         {custody.verifier_key}")
    click.echo(f"credentials {grouped(create_signing_key(settings).key_id.hex())}")
    click.echo(f"documents   {grouped(create_document_key(settings).name.key_id.hex())}")


@command.command("try")
@click.argument("address")
def try_key(address: str) -> None:
    """Let a key in a token or module sign random bytes, and check the signature."""
    key = prove_key(address)
    click.echo(f"{key.algorithm} {grouped(key.key_id.hex())}")


def _settings(data_dir: Path | None) -> Settings:
    settings = load_settings()
    return msgspec.structs.replace(settings, data_dir=data_dir.resolve()) if data_dir else settings


@command.command()
@click.option("--for", "kind", type=click.Choice(sorted(NEEDS)), required=True, help="Kind of process.")
@click.option("-o", "folder", type=click.Path(path_type=Path), required=True, help="That process's own data directory.")
@data_dir_option
def share(kind: str, folder: Path, data_dir: Path | None) -> None:
    """Write the secrets that one kind of process needs: no other database role, least of all the owner's."""
    settings = _settings(data_dir)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    store_share(load_secrets(settings), kind, folder / FILE_NAME)
    need = NEEDS[kind]
    click.echo(f"{folder / FILE_NAME}: {', '.join(sorted([*need.roles, *need.keys]))}")
    if need.seals:
        click.echo(f"{kind} seals personal data: it needs the key ring {RING_FILE} beside it")


@command.command()
@data_dir_option
def rotate(data_dir: Path | None) -> None:
    """Bring in a new generation and seal everything again under it; safe to repeat after an interruption."""
    asyncio.run(_rotate(data_dir))


async def _rotate(data_dir: Path | None) -> None:
    async with command_runtime(data_dir) as runtime:
        number = await bring_in(runtime, load_keyring(runtime.settings))
        with Progress(console=Console(stderr=True), transient=True) as progress:
            counts = await seal_again(runtime, sealed_columns(), progress)
        async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
            at, facts = runtime.clock.now(), {"generation": number, **counts}
            await record(
                session,
                SYSTEM,
                "keys.rotated",
                ("keys", str(number)),
                at=at,
                region=runtime.settings.root_region,
                facts=facts,
            )
        click.echo(f"generation {number} is in use; sealed again: {sum(counts.values())}")


async def bring_in(runtime: Runtime, keys: KeyRing, *, settle_s: float = SETTLE_S) -> int:
    """Make every process know a fresh generation, then use it, and return its number."""
    ring = keys.current().with_new(SealAlgorithm(runtime.settings.seal_algorithm))
    number = ring.generations[-1].number
    keys.store(ring)
    await asyncio.sleep(settle_s)
    keys.store(ring.using(number))
    await asyncio.sleep(settle_s)
    return number


async def seal_again(runtime: Runtime, columns: Sequence[SealedColumn], progress: Progress) -> dict[str, int]:
    """Seal the values of all columns again and return how many of each."""
    counts = {}
    for column in columns:
        name = f"{column.table}.{column.column}"
        standing = await count_generations(runtime.databases, column)
        older = sum(count for number, count in standing.by_generation.items() if number != runtime.sealer.generation)
        task = progress.add_task(name, total=0 if column.fixed else older)

        async def note(done: int, task: object = task) -> None:
            progress.update(task, completed=done)  # type: ignore[arg-type]  # rich's own id type

        counts[name] = await reseal(runtime.databases, runtime.sealer, column, note=note)
    return counts
