"""What somebody had written into a form when the session was found to have ended: kept in the answer, not stored."""

from typing import Any, Final

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile
from litestar.utils.empty import value_or_default
from litestar.utils.scope.state import ScopeState

NEVER_KEPT: Final = frozenset({"_csrf_token", "password", "old", "new", "repeat", "code"})
"""The fresh page has a token of its own; secrets are typed again."""


class Unsent(msgspec.Struct, frozen=True, kw_only=True):
    """The form as it came: where it was sent, its fields in order, and whether a file came with it, which is not kept."""

    action: str
    fields: list[tuple[str, str]]
    has_file: bool


def unsent_of(request: Request[Any, Any, Any]) -> Unsent | None:
    """Return the words of a refused form, None where none was sent; the CSRF check has read it before any guard ran."""
    form = value_or_default(ScopeState.from_scope(request.scope).form, {})
    if request.method != "POST" or not form:
        return None
    pairs = [(name, value) for name, held in form.items() for value in (held if isinstance(held, list) else [held])]
    words = [(name, value) for name, value in pairs if isinstance(value, str) and name not in NEVER_KEPT]
    query = f"?{request.url.query}" if request.url.query else ""
    files = [value for _, value in pairs if isinstance(value, UploadFile)]
    has_file = any(file.filename for file in files)
    for file in files:
        file.file.close()  # nobody will read it
    return Unsent(action=f"{request.url.path}{query}", fields=words, has_file=has_file) if words or has_file else None
