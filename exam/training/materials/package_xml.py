"""What the readers of packages' manifests share: finding elements whatever their namespace, and links that stay inside."""

from collections.abc import Iterator
from typing import Final

from lxml import etree  # type: ignore[import-untyped]

from exam.training.lessons.package import path_of
from exam.training.materials.errors import PackageElsewhereError

MOST_ITEMS: Final = 100
TITLE_LENGTH: Final = 200


def all_of(root: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield an element's descendants of a name."""
    yield from root.iter(f"{{*}}{name}", name)


def child_of(parent: etree._Element, name: str) -> str:
    """Return the text of the first child of a name, its spaces made one; empty without one."""
    found = next((each for each in parent if isinstance(each.tag, str) and etree.QName(each).localname == name), None)
    return " ".join((found.text or "").split()) if found is not None else ""


def text_of(root: etree._Element, parent: str, name: str) -> str:
    """Return the first text that a child of a name has below any parent of a name."""
    return next((text for each in all_of(root, parent) if (text := child_of(each, name))), "")


def own_href(href: str, known: frozenset[str]) -> str:
    """Return a link that names a file of the package; raises PackageElsewhereError for any other."""
    if ":" in href.partition("/")[0] or href.startswith(("/", "\\")) or path_of(href) not in known:
        raise PackageElsewhereError
    return href
