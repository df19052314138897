"""HTML inside question files as text: figures keep their places, scripts and styles go, nothing else of the markup stays.

Formulas of TeX are figures as well; the signs around one stand in one element, as for the filters that show it.
"""

from collections.abc import Hashable
from html.parser import HTMLParser
from itertools import groupby
from typing import Final

from questionbank.formats.embedded import hold_figures
from questionbank.formats.enclosing import Enclosures
from questionbank.formats.markup import BLANKS, LINE_ENDERS, MAX_DEPTH, Node, fold_name, tidy_lines
from questionbank.formats.media import Fetch
from questionbank.formats.refusals import RowError

_VOID: Final = frozenset(
    {"img", "br", "hr", "input", "source", "track", "embed", "wbr", "col", "link", "meta", "param"}
)
_SILENT: Final = frozenset({"script", "style"})
_VERBATIM: Final = frozenset({*_SILENT, "math", "code", "pre", "textarea"})
"""In these a filter looks for no formulas."""


def html_to_text(html: str, enclosures: Enclosures, fetch: Fetch, where: Hashable = None) -> str:
    """Return the text of an HTML fragment with its line breaks, and characters of `enclosures` where figures stand.

    `where` tells apart what `fetch` knows.
    """
    parser = _TreeParser()
    try:
        parser.feed(html)
        parser.close()
    except AssertionError as error:  # the parser's answer to a broken <![ section
        raise RowError("record_shape", detail="HTML") from error
    _hold_tex(parser.root, enclosures)
    hold_figures(parser.root, enclosures, fetch, where)
    return tidy_lines(parser.root.text(*_SILENT))


def _hold_tex(node: Node, enclosures: Enclosures) -> None:
    """Put characters of `enclosures` where formulas of TeX stand below a node, over the line breaks in them."""
    parts: list[Node | str] = []
    for runs, group in groupby(node.parts, lambda part: isinstance(part, str) or part.name == "br"):
        if not runs:
            parts += group
            continue
        text = "".join(BLANKS.sub(" ", part) if isinstance(part, str) else "\n" for part in group)
        for at, line in enumerate(enclosures.hold_tex(text).split("\n")):
            parts += [Node("br", {}), line] if at else [line]
    node.parts = parts
    for part in parts:
        if isinstance(part, Node) and part.name not in _VERBATIM:
            _hold_tex(part, enclosures)


class _TreeParser(HTMLParser):
    """Builds a tree of what is open, however it is closed; deeper than any author nests, elements stand beside each other."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element, unless nothing can stand in it."""
        node = Node(fold_name(tag), {fold_name(name): value or "" for name, value in attrs})
        self._open[-1].parts.append(node)
        if tag not in _VOID and len(self._open) < MAX_DEPTH:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element and close it at once."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element of a name with all in it; what was never opened ends a line at most."""
        name = fold_name(tag)
        if name in {node.name for node in self._open[1:]}:
            while self._open.pop().name != name:
                pass
        elif name in LINE_ENDERS:
            self._open[-1].parts.append(Node(name, {}))

    def handle_data(self, data: str) -> None:
        self._open[-1].parts.append(data)
