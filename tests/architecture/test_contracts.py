"""The import contract leaves nothing out: every package is private, every pure module is known to be pure."""

from configparser import ConfigParser
from importlib import import_module
from pathlib import Path

import pytest

from exam.core.db.base import Base

ROOT = Path(__file__).parents[2]
SOURCES = ("exam", "questionbank", "grading", "proctor", "certs")

OPEN = {"exam.core", "exam.web"}
"""The kernel and the shell are there to be imported."""
TOP = {"exam.cli", "exam.migrations"}
"""Start processes and make tables; nothing imports them, as the layers say."""

PURE_NAMES = {
    *("answers", "assembly", "binary", "canonical", "cells", "coverage", "draw", "eligibility", "entry", "envelope"),
    *("feasibility", "identifiers", "judging", "lease", "merkle", "note", "proof", "qr", "receipt", "resolver"),
    *("responses", "scoring", "shapes", "state", "terms", "thresholds", "ticket", "timing", "validator", "verdict"),
}
"""File names that promise a module without input or output (DESIGN.md §3, named pure modules)."""


def _contracts() -> ConfigParser:
    parser = ConfigParser()
    parser.read(ROOT / ".importlinter", encoding="utf-8")
    return parser


def _lines(contracts: ConfigParser, contract: str, key: str) -> set[str]:
    return {line for line in contracts.get(f"importlinter:contract:{contract}", key).splitlines() if line.strip()}


def _modules() -> dict[str, str]:
    """Return every module by its last name."""
    paths = [path.relative_to(ROOT) for top in SOURCES for path in (ROOT / top).rglob("*.py")]
    return {".".join(path.with_suffix("").parts): path.stem for path in paths}


def _pure_by_name() -> list[str]:
    """Return the modules whose names promise purity; files of `exam.cli` are named after commands."""
    return sorted(name for name, stem in _modules().items() if stem in PURE_NAMES and name != f"exam.cli.{stem}")


def _packages() -> set[str]:
    """Return the packages that hold modules, as the layers name them."""
    under_exam = {path.parent for path in (ROOT / "exam").glob("*/__init__.py")}
    filled = {f"exam.{folder.name}" for folder in under_exam if len(list(folder.glob("*.py"))) > 1}
    return filled | ({*SOURCES} - {"exam"})


def test_every_package_is_entered_by_its_doors_only() -> None:
    contracts = _contracts()
    protected: set[str] = set()
    for section in contracts.sections():
        if contracts.get(section, "type", fallback="") == "protected":
            protected |= _lines(contracts, section.rpartition(":")[2], "protected_modules")
    assert _packages() - OPEN - TOP == protected


@pytest.mark.parametrize("module", _pure_by_name())
def test_a_module_with_a_pure_name_is_held_to_it(module: str) -> None:
    pure = _lines(_contracts(), "pure", "source_modules")
    assert module in pure, f"{module} promises purity by its name: list it in .importlinter or rename it"


def test_the_io_libraries_are_forbidden_to_pure_modules() -> None:
    forbidden = _lines(_contracts(), "pure", "forbidden_modules")
    assert {"sqlalchemy", "litestar", "psycopg", "redis", "procrastinate", "socket", "random"} <= forbidden


@pytest.mark.parametrize("api", sorted(name for name, stem in _modules().items() if stem == "api"))
def test_an_api_hands_out_no_rows(api: str) -> None:
    module = import_module(api)
    exported = [getattr(module, name) for name in module.__all__]
    assert not [known for known in exported if isinstance(known, type) and issubclass(known, Base)]
