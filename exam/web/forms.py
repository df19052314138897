"""The base of every form body, and the one rule about where a form may lead to."""

from urllib.parse import urlsplit

import msgspec


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A form's fields as the browser sends them; the CSRF field is checked before and kept only to be known."""

    csrf_token: str = msgspec.field(default="", name="_csrf_token")


def safe_path(target: str) -> str:
    """Return `target` if it is a path of this site, else `/`: a log-in must not send people elsewhere.

    Browsers read `//host`, `/\\host` and tabs inside the scheme as other sites, so only plain paths pass.
    """
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    parts = urlsplit(target)
    return target if plain and "\\" not in target and not parts.netloc and not parts.scheme else "/"


MOST_DIGITS = 6


def whole_number(typed: str) -> int:
    """Return a typed whole number, 0 for anything else: where 0 is out of range, so is nonsense."""
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= MOST_DIGITS else 0
