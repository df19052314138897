"""Every act that the code records has its plain sentence in both languages: an auditor reads no codes."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from certs.api import CredentialAct
from certs.state import EVENT_OF_ACT
from exam.desks.acts import ACTS
from exam.web.i18n import Catalogue
from questionbank.items.state import ItemAct

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("exam", "questionbank", "grading", "certs", "proctor")
ACT = re.compile(r"[a-z_]+\.[a-z_]+")
RECORDERS = {"advance", "record", "_record", "_note", "note_class", "note_material"}
SECOND_PERSON = (CredentialAct.RESTORE, CredentialAct.REVOKE, CredentialAct.ANNUL)
DRAWN_UP = {
    *(f"item.{act}" for act in ItemAct),
    *(f"items.{act}" for act in ItemAct if act not in {ItemAct.DRAFTED, ItemAct.REVISED}),
    *(f"credential.{kind}" for kind in (*EVENT_OF_ACT.values(), "issued", "pdf_made", "expired", "reviewed")),
    *(f"credential.{act}_{step}" for act in SECOND_PERSON for step in ("proposed", "declined")),
}
"""Acts whose names are put together, from the words they are made of."""


def recorded() -> Iterator[str]:
    """Yield every act that is written out where it is recorded."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            named = dict(_named(tree))
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and _name(node.func) in RECORDERS:
                    yield from _acts(node, named)


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _named(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the module's names for acts, such as `MADE, RELEASED = "result.made", "result.released"`."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            target, value = statement.targets[0], statement.value
            pairs: Iterable[tuple[ast.expr, ast.expr]] = [(target, value)]
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = zip(target.elts, value.elts, strict=False)
            yield from (
                (name.id, said.value)
                for name, said in pairs
                if isinstance(name, ast.Name) and isinstance(said, ast.Constant) and isinstance(said.value, str)
            )


def _acts(call: ast.Call, named: dict[str, str]) -> Iterator[str]:
    for value in (*call.args, *(keyword.value for keyword in call.keywords)):
        for each in ast.walk(value):
            said = named.get(each.id) if isinstance(each, ast.Name) else getattr(each, "value", None)
            if isinstance(said, str) and ACT.fullmatch(said):
                yield said


def test_every_act_has_its_sentence() -> None:
    found = set(recorded())
    assert len(found) > 80
    assert (found | DRAWN_UP) - set(ACTS) == set()


def test_every_sentence_is_in_english_too() -> None:
    catalogue = Catalogue(["exam.desks"])
    assert [words for words in ACTS.values() if words not in catalogue.english] == []
