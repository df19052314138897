"""`ankao init`: what a new installation needs before anybody can log in."""

import asyncio
from pathlib import Path

import rich_click as click

from exam.cli.context import command_runtime
from exam.core.db.scope import Scope
from exam.identity.api import Founder, PasswordPool, RegionTree, found_installation, read_regions, seed_regions


@click.command()
@click.option(
    "--regions",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=None,
    help="CSV of code, name, level, parent for another province; Zhejiang comes with the product.",
)
@click.option("--data-dir", type=click.Path(path_type=Path), default=None, help="Data directory [var].")
def command(regions: Path | None, data_dir: Path | None) -> None:
    """Enter the regions and make the three administrators; their passwords are shown once."""
    tree = read_regions(regions.read_text(encoding="utf-8")) if regions else None
    for founder in asyncio.run(_found(tree, data_dir)):
        click.echo(f"{founder.login:10} {founder.password}  {founder.title}")
    click.echo("每个密码首次登录时必须修改,并绑定动态口令。Each password must be changed at the first log-in.")


async def _found(tree: RegionTree | None, data_dir: Path | None) -> list[Founder]:
    async with command_runtime(data_dir) as runtime:
        root, passwords = runtime.settings.root_region, PasswordPool(1)
        async with runtime.databases.transaction(Scope(region=root)) as session:
            await seed_regions(session, tree)
            return await found_installation(session, passwords, region=root, at=runtime.clock.now())
