"""Translation: Chinese is the source language, every package brings an English catalogue."""

import re
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import lru_cache
from importlib.resources import files
from typing import Any, Self, cast

from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from jinja2 import pass_context
from jinja2.runtime import Context

LANGUAGES = ("zh-CN", "en")
COOKIE = "lang"
DOT = " · "

_WIDE = dict(zip(",;:?!", "，；：？！", strict=True))
_CHINESE = re.compile("[\u4e00-\u9fff]")
_BY_CHINESE = re.compile("(?<=[\u4e00-\u9fff”」』》）】}])[,;:?!](?![0-9/])|[,;](?=[\u4e00-\u9fff“「])")
_BRACKETED = re.compile(r"(?<=[\u4e00-\u9fff」])\(([^()]*)\)")

_language: ContextVar[str] = ContextVar("ankao_language", default="zh-CN")


class Counted(str):
    """An English sentence that counts: it is the plural, and `format(n=1)` fills its singular; Chinese has no such pair."""

    __slots__ = ("_one",)
    _one: str

    def __new__(cls, one: str, many: str) -> Self:
        made = super().__new__(cls, many)
        made._one = one
        return made

    def format(self, *args: object, **fields: object) -> str:
        chosen = self._one if fields.get("n") == 1 else str(self)
        return chosen.format(*args, **fields)

    def format_map(self, fields: Any, /) -> str:
        chosen = self._one if fields.get("n") == 1 else str(self)
        return chosen.format_map(fields)


class Catalogue:
    """English sentences by Chinese msgid: a package's own first, for one Chinese word may be two English ones."""

    def __init__(self, packages: Iterable[str]) -> None:
        self.english: dict[str, str] = {}
        self._own: dict[str, dict[str, str]] = {}
        for package in packages:
            path = files(package) / "locale" / "en.po"
            if not path.is_file():
                continue
            with path.open("rb") as file:
                messages = read_po(file, locale="en", abort_invalid=True)  # never half of a catalogue
            own = dict(_both(m) for m in messages if m.id and m.string)
            self._own[package.rpartition(".")[2]] = own
            self.english.update(own)

    def gettext(self, message: str, leaf: str = "") -> str:
        """Return the sentence in the language of the request; `leaf` is the last name of the package that says it."""
        if language() != "en":
            return set_in_chinese(message)
        return self._own.get(leaf, {}).get(message) or self.english.get(message, message)

    def for_templates(self) -> Callable[[Context, str], str]:
        """Return the templates' `_`: a page of questionbank/ asks questionbank's catalogue first."""

        @pass_context
        def translate(context: Context, message: str) -> str:
            return self.gettext(message, (context.name or "").partition("/")[0])

        return translate

    def by_parts(self, words: str) -> str:
        """Translate a name that is put together with dots, as a sitting's: what the catalogue knows of it changes."""
        return DOT.join(self.gettext(part) for part in words.split(DOT))


def _both(message: Message) -> tuple[str, str]:
    """Return a msgid with its English; msgid_plural repeats the msgid, for one Chinese sentence stands for both."""
    if isinstance(message.id, str):
        return message.id, str(message.string)
    one, many = cast("tuple[str, str]", message.string)
    return message.id[0], Counted(one, many)


@lru_cache(maxsize=4096)
def set_in_chinese(message: str) -> str:
    """Return a sentence with the full-width punctuation of Chinese print (GB/T 15834) beside Chinese words.

    Sources are typed with either width; a page shows one.
    """
    if not _CHINESE.search(message):
        return message
    return _BY_CHINESE.sub(lambda found: _WIDE[found[0]], _BRACKETED.sub("（\\1）", message))


def language() -> str:
    """Return the language of the request: zh-CN or en."""
    return _language.get()


def choose_language(cookie: str | None, accepted: str) -> str:
    """Pick a language: what the person chose, else what the browser prefers, else Chinese."""
    wanted = cookie or next(
        (part.split(";")[0].strip() for part in accepted.split(",") if part.strip()[:2] in {"zh", "en"}),
        "zh-CN",
    )
    chosen = "en" if wanted.startswith("en") else "zh-CN"
    _language.set(chosen)
    return chosen


def fill(template: str, fields: dict[str, Any]) -> str:
    """Fill a translated sentence; a field that is missing stays visible instead of raising."""

    class _Keep(dict[str, Any]):
        def __missing__(self, key: str) -> str:
            return "{" + key + "}"

    return template.format_map(_Keep(fields))
