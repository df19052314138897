"""Addresses of static files that change with their content, so that browsers may keep them for a year."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

DIGEST_LENGTH = 12


@lru_cache(maxsize=1024)
def _digest(path: Path, _changed_ns: int) -> str:
    return sha256(path.read_bytes()).hexdigest()[:DIGEST_LENGTH]


def static_urls(folders: Mapping[str, Path]) -> Callable[[str], str]:
    """Return the template function `static("web/shell.css")`; `folders` maps the first segment to its folder.

    A name without a file is a mistake of the template and raises FileNotFoundError when the page is rendered.
    """

    def static(name: str) -> str:
        leaf, _, rest = name.partition("/")
        path = folders[leaf] / rest
        return f"/static/{name}?v={_digest(path, path.stat().st_mtime_ns)}"

    return static
