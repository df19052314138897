"""The kinds of incident, as data with the rule each is modelled on."""

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Literal

import msgspec


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of incident; `title` is a msgid."""

    code: str
    title: str
    gravity: Literal["none", "minor", "grave"]
    article: str


@lru_cache(maxsize=1)
def taxonomy() -> dict[str, Category]:
    """Return every kind by its code, in the order of the file."""
    raw = tomllib.loads((files("proctor.incidents") / "data" / "taxonomy.toml").read_text(encoding="utf-8"))
    return {each.code: each for each in msgspec.convert(raw["category"], list[Category])}
