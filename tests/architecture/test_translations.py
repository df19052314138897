"""The English catalogue is complete: what a page or an error can say in Chinese, it can say in English."""

import ast
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from string import Formatter

import pytest

from exam.app import PLUGINS
from exam.identity.roles import TITLES
from exam.web.i18n import Catalogue
from exam.web.problem import HTTP_CODES, UNEXPECTED

ROOT = Path(__file__).resolve().parent.parent.parent
CHINESE = re.compile("[\u4e00-\u9fff]")
# _("…") with either quote; templates hold no other way to ask for a translation
CALL = re.compile(r"""_\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\s*\)""")
PACKAGES = sorted({"exam.web", *(plugin.package for plugin in PLUGINS)})
DOCUMENT = re.compile("[\u4e00-\u9fff]+〔\\d+〕\\d+号")
"""The number of an official document, which is its name in every language."""
COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
# core says nothing of its own in pages; the shell speaks for it
SPEAKERS = {"done", "Part", "Alarm"}
SOURCES = {"exam.web": ["exam.web", "exam.core"]}


def folder_of(package: str) -> Path:
    return Path(str(files(package)))


def messages_of_templates(package: str) -> Iterator[str]:
    for path in sorted((folder_of(package) / "templates").rglob("*.html")):
        for double, single in CALL.findall(COMMENT.sub("", path.read_text(encoding="utf-8"))):
            yield (double or single).replace('\\"', '"')


def messages_of_errors(package: str) -> Iterator[str]:
    """Return the `message` of every class in the package's source: only domain errors have a Chinese one."""
    for name in SOURCES.get(package, [package]):
        for path in sorted(folder_of(name).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    yield from _class_messages(node)


def _class_messages(node: ast.ClassDef) -> Iterator[str]:
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        named = any(isinstance(target, ast.Name) and target.id == "message" for target in targets)
        value = getattr(statement, "value", None)
        if named and isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value


def messages_of_acts(package: str) -> Iterator[str]:
    """Return what is said after an act, the lines of a status page, and alarms: arguments of SPEAKERS."""
    for name in SOURCES.get(package, [package]):
        for path in sorted(folder_of(name).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SPEAKERS:
                    for part in ast.walk(node):
                        if isinstance(part, ast.Constant) and isinstance(part.value, str):
                            yield part.value


def messages_of_navigation(package: str) -> Iterator[str]:
    for plugin in PLUGINS:
        if plugin.package == package:
            yield from (item.title for item in plugin.nav)


def wanted(package: str) -> set[str]:
    readers = (messages_of_templates, messages_of_errors, messages_of_acts, messages_of_navigation)
    found = {message for read in readers for message in read(package)}
    return {message for message in found if CHINESE.search(message)}


@pytest.mark.parametrize("title", TITLES.values())
def test_every_role_has_an_english_title(title: str) -> None:
    assert title in Catalogue(["exam.identity"]).english


def test_every_answer_of_the_framework_has_an_english_sentence() -> None:
    sentences = {UNEXPECTED, *(title for _, title in HTTP_CODES.values())}
    assert sorted(sentences - Catalogue(["exam.web"]).english.keys()) == []


def fields_of(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_sentence_of_a_package_has_an_english_one(package: str) -> None:
    own = Catalogue(["exam.web", package]).english
    assert sorted(wanted(package) - own.keys()) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_english_sentences_keep_the_fields_and_hold_no_chinese(package: str) -> None:
    for chinese, english in Catalogue([package]).english.items():
        assert fields_of(chinese) == fields_of(english), chinese
        assert not CHINESE.search(DOCUMENT.sub("", english)), english
