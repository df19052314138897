"""Rules of this house that no general linter knows, read from the syntax trees of the sources."""

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SOURCES = ("exam", "questionbank", "grading", "proctor", "certs")

CLOCK = "exam/core/clock.py"
UNIT_OF_WORK = "exam/core/db/engine.py"
MINT = "exam/identity/guards.py"
SCOPES = ("exam/core/db/scope.py", "exam/core/principal.py", "exam/identity/", "exam/migrations/")
LIMITED = ("exam/core/sheets/limited.py", "questionbank/formats/")

READS_THE_TIME = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime"),
}
PREFIX_METHODS = {"startswith", "istartswith", "like", "ilike"}
EDGES = {"app", "controllers", "middleware", "pages", "plugin", "route", "schemas"}
"""Last words of the names of modules that may speak HTTP."""

LAYERS: tuple[str, ...] = (
    *("core", "identity", "standards", "questionbank", "training", "sitting", "delivery", "grading|proctor", "certs"),
    *("records", "reports"),
)
"""Prefixes of the tables, bottom-up; packages of one layer do not know each other."""
LOOKED_AT = (ast.AnnAssign, ast.Call, ast.ClassDef, ast.Constant, ast.Import, ast.ImportFrom)


class Finding(NamedTuple):
    """A place that breaks a rule; `code` is the expression itself, so that an exemption survives moved lines."""

    rule: str
    path: str
    line: int
    code: str


class Module(NamedTuple):
    """One parsed source file, by its path from the root."""

    path: str
    nodes: tuple[ast.AST, ...]

    @property
    def package(self) -> str:
        parts = self.path.split("/")
        return parts[1] if parts[0] == "exam" else parts[0]

    @property
    def role(self) -> str:
        """The last word of the file's name: `pages` of `regrade_pages`."""
        return Path(self.path).stem.rpartition("_")[2]


@lru_cache(maxsize=1)
def modules() -> tuple[Module, ...]:
    """Return every source file of the product, parsed once."""
    return tuple(
        parse(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for top in SOURCES
        for path in sorted((ROOT / top).rglob("*.py"))
    )


def parse(path: str, source: str) -> Module:
    """Return a module of this text under this path."""
    return Module(path, tuple(node for node in ast.walk(ast.parse(source)) if isinstance(node, LOOKED_AT)))


def find_all(checked: Iterable[Module]) -> list[Finding]:
    """Return all findings of all rules."""
    return [finding for module in checked for finding in chain.from_iterable(rule(module) for rule in RULES)]


def _finding(rule: str, module: Module, node: ast.expr | ast.stmt) -> Finding:
    return Finding(rule, module.path, node.lineno, ast.unparse(node))


def _calls(module: Module) -> Iterator[tuple[ast.Call, str]]:
    """Return every call with the dotted name of what is called; a call on a computed value starts with a dot."""
    for node in module.nodes:
        if isinstance(node, ast.Call):
            yield node, _dotted(node.func)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def reads_no_clock(module: Module) -> Iterator[Finding]:
    """Time comes from the Clock port, so that deadlines can be tested at the millisecond."""
    if module.path == CLOCK:
        return
    for call, name in _calls(module):
        if ".".join(name.split(".")[-2:]) in READS_THE_TIME:
            yield _finding("clock", module, call)


def builds_no_region_filter(module: Module) -> Iterator[Finding]:
    """What lies in a region is decided by row-level security and in `exam.identity`, never by a prefix made on the spot."""
    if module.path.startswith(SCOPES):
        return
    for call, name in _calls(module):
        if name.rpartition(".")[2] in PREFIX_METHODS and call.args and _is_path_prefix(call):
            yield _finding("region", module, call)
    for node in module.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_region_sql(node.value):
            yield _finding("region", module, node)


def _is_path_prefix(call: ast.Call) -> bool:
    argument = call.args[0]
    pieces = [piece.value for piece in ast.walk(argument) if isinstance(piece, ast.Constant)]
    closes = any(isinstance(piece, str) and piece.endswith(("/", "/%")) for piece in pieces)
    return (closes and isinstance(argument, ast.BinOp | ast.JoinedStr)) or "region" in ast.unparse(call)


def _is_region_sql(sql: str) -> bool:
    words = sql.lower().split()
    return any(
        word.endswith("region") and following in {"like", "ilike", "similar", "~", "^@"}
        for word, following in pairwise(words)
    ) or any(word.startswith(("starts_with(", "left(")) and "region" in word for word in words)


def mints_no_visible_region(module: Module) -> Iterator[Finding]:
    """A VisibleRegion is a proof; whoever makes one elsewhere has proved nothing."""
    if module.path == MINT:
        return
    for call, name in _calls(module):
        if name.rpartition(".")[2] == "VisibleRegion" or (
            name == "cast" and "VisibleRegion" in ast.unparse(call.args[0])
        ):
            yield _finding("visible-region", module, call)


def relates_within_its_package(module: Module) -> Iterator[Finding]:
    """`relationship()` loads rows of another table: across packages that is an API nobody declared."""
    for call, name in _calls(module):
        if name.rpartition(".")[2] == "relationship" and _target(module, call) not in _classes_of(module.package):
            yield _finding("relationship", module, call)


def _target(module: Module, call: ast.Call) -> str:
    """Return the class that a relationship names in its argument or, without one, in its annotation."""
    if call.args:
        return ast.unparse(call.args[0]).strip("'\"").rpartition(".")[2]
    for node in module.nodes:
        if isinstance(node, ast.AnnAssign) and node.value is call:
            return ast.unparse(node.annotation).rpartition("[")[2].split("]", maxsplit=1)[0].split("|")[0].strip("'\" ")
    return ""


@lru_cache
def _classes_of(package: str) -> frozenset[str]:
    found = (node for module in modules() if module.package == package for node in module.nodes)
    return frozenset(node.name for node in found if isinstance(node, ast.ClassDef))


def commits_at_the_edge(module: Module) -> Iterator[Finding]:
    """Change, audit entry and event are one transaction: services flush, and only the unit of work commits."""
    if module.path == UNIT_OF_WORK:
        return
    for call, name in _calls(module):
        if name.endswith((".commit", ".rollback")):
            yield _finding("commit", module, call)


def keys_point_down(module: Module) -> Iterator[Finding]:
    """A foreign key names a table of its own package or of one below."""
    for call, name in _calls(module):
        if name.rpartition(".")[2] == "ForeignKey" and call.args and isinstance(call.args[0], ast.Constant):
            table = str(call.args[0].value).partition("_")[0]
            if table != module.package and _layer(table) >= _layer(module.package):
                yield _finding("foreign-key", module, call)


def _layer(package: str) -> int:
    return next((number for number, names in enumerate(LAYERS) if package in names.split("|")), len(LAYERS))


def speaks_http_at_the_edge(module: Module) -> Iterator[Finding]:
    """Rules and services know conditions, not requests and status codes."""
    if module.package == "web" or module.role in EDGES:
        return
    for node in module.nodes:
        named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        named += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.Import | ast.ImportFrom) and any(
            name.partition(".")[0] == "litestar" for name in named
        ):
            yield _finding("http", module, node)


def opens_no_workbook(module: Module) -> Iterator[Finding]:
    """A workbook's parser may be brought down by its file; only a process with limits calls it."""
    if module.path.startswith(LIMITED):
        return
    for call, name in _calls(module):
        if name.rpartition(".")[2] == "read_workbook":
            yield _finding("workbook", module, call)


RULES: tuple[Callable[[Module], Iterator[Finding]], ...] = (
    reads_no_clock,
    builds_no_region_filter,
    mints_no_visible_region,
    relates_within_its_package,
    commits_at_the_edge,
    keys_point_down,
    speaks_http_at_the_edge,
    opens_no_workbook,
)
