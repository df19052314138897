"""Translation: Chinese is the source language, every package brings an English catalogue."""

import re
from collections.abc import Iterable
from contextvars import ContextVar
from functools import lru_cache
from importlib.resources import files
from typing import Any

from babel.messages.pofile import read_po

LANGUAGES = ("zh-CN", "en")
COOKIE = "lang"

_WIDE = dict(zip(",;:?!", "，；：？！", strict=True))
_BY_CHINESE = re.compile("(?<=[\u4e00-\u9fff”」』》）】)}])[,;:?!](?![0-9/])|[,;](?=[\u4e00-\u9fff“「])")
_BRACKETED = re.compile(r"(?<=[\u4e00-\u9fff」])\(([^()]*)\)")

_language: ContextVar[str] = ContextVar("ankao_language", default="zh-CN")


class Catalogue:
    """English sentences by Chinese msgid, merged over packages."""

    def __init__(self, packages: Iterable[str]) -> None:
        self.english: dict[str, str] = {}
        for package in packages:
            path = files(package) / "locale" / "en.po"
            if not path.is_file():
                continue
            with path.open("rb") as file:
                messages = read_po(file, locale="en")
            self.english.update({str(m.id): str(m.string) for m in messages if m.id and m.string})

    def gettext(self, message: str) -> str:
        """Return the sentence in the language of the request."""
        return self.english.get(message, message) if language() == "en" else set_in_chinese(message)


@lru_cache(maxsize=4096)
def set_in_chinese(message: str) -> str:
    """Return a sentence with the full-width punctuation of Chinese print (GB/T 15834) beside Chinese words.

    Sources are typed with either width; a page shows one.
    """
    wide = _BY_CHINESE.sub(lambda found: _WIDE[found[0]], message)
    return _BRACKETED.sub("（\\1）", wide)


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
