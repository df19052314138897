"""Every act that the code records has its plain sentence in both languages: an auditor reads no codes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from certs.api import CredentialAct
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
    *(f"credential.{act}_{step}" for act in SECOND_PERSON for step in ("proposed", "declined")),
}
"""Acts whose names are put together, from the words they are made of."""


def recorded() -> Iterator[str]:
    """Yield every act that is written out where it is recorded."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _name(node.func) in RECORDERS:
                    yield from _acts(node)


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _acts(call: ast.Call) -> Iterator[str]:
    for value in (*call.args, *(keyword.value for keyword in call.keywords)):
        for each in ast.walk(value):
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and ACT.fullmatch(each.value):
                yield each.value


def test_every_act_has_its_sentence() -> None:
    found = set(recorded())
    assert len(found) > 80
    assert (found | DRAWN_UP) - set(ACTS) == set()


def test_every_sentence_is_in_english_too() -> None:
    catalogue = Catalogue(["exam.desks"])
    assert [words for words in ACTS.values() if words not in catalogue.english] == []
