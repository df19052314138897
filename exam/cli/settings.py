"""`ankao settings`: every setting with its bounds, default and meaning, read from the declaration itself."""

import ast
import inspect
from pathlib import Path
from textwrap import dedent
from typing import Any

import msgspec
import rich_click as click

from exam.core.config import Settings, bounds_of, variable_of


class Described(msgspec.Struct, frozen=True):
    """One setting for people; an empty default is explained by the meaning."""

    variable: str
    bounds: str
    default: str
    meaning: str


def describe_settings() -> list[Described]:
    """Return all settings in the order of their declaration."""
    meanings = _meanings()
    return [
        Described(variable_of(each.name), bounds_of(each.type), _shown(each.default), meanings.get(each.name, ""))
        for each in msgspec.structs.fields(Settings)
    ]


def _meanings() -> dict[str, str]:
    """Return the literal below each field of the declaration."""
    (declaration,) = ast.parse(dedent(inspect.getsource(Settings))).body
    found: dict[str, str] = {}
    name = ""
    for node in declaration.body if isinstance(declaration, ast.ClassDef) else []:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case ast.Expr(value=ast.Constant(value=str(text))) if name:
                found[name], name = " ".join(text.split()), ""
            case _:
                name = ""
    return found


def _shown(default: Any) -> str:
    return "" if default == Path() else str(default)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(as_json: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """List every setting: its variable, what it may be, its default and its meaning."""
    described = describe_settings()
    if as_json:
        click.echo(msgspec.json.encode({"settings": described}))
        return
    for each in described:
        default = f" [{each.default}]" if each.default else ""
        click.echo(f"{each.variable}{default}  {each.bounds}")
        click.echo(f"    {each.meaning}")
