"""XML inside question files, without entities, document types or network."""

import re
from typing import Final

import msgspec
from lxml import etree  # type: ignore[import-untyped]

from questionbank.formats.errors import ForbiddenXmlError, MalformedXmlError

BLANKS: Final = re.compile(r"[ \t\r\n\f]+")
"""White space of HTML and XML; wider and firm blanks are text."""
MAX_DEPTH: Final = 100
LINE_ENDERS: Final = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6"})


class Node(msgspec.Struct):
    """An element; names of elements and attributes are lower case, without prefix, hyphens and a leading "qti".

    In this form QTI 2.x `choiceInteraction` and QTI 3.0 `qti-choice-interaction` are one name.
    """

    name: str
    attributes: dict[str, str]
    parts: list["Node | str"] = []

    def children(self, name: str) -> list["Node"]:
        return [part for part in self.parts if isinstance(part, Node) and part.name == name]

    def descendants(self, *names: str) -> list["Node"]:
        found = []
        for part in self.parts:
            if isinstance(part, Node):
                found += [part] if part.name in names else []
                found += part.descendants(*names)
        return found

    def own_text(self) -> str:
        """Return the text directly inside, unchanged."""
        return "".join(part for part in self.parts if isinstance(part, str))

    def text(self, *leave_out: str) -> str:
        """Return all text below, elements of the names `leave_out` left out."""
        pieces: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                pieces.append(BLANKS.sub(" ", part))
            elif part.name not in leave_out:
                pieces.append(part.text(*leave_out))
        return "".join(pieces) + ("\n" if self.name in LINE_ENDERS else "")


def parse_xml(data: bytes) -> Node:
    """Parse XML; raises MalformedXmlError with its place, or ForbiddenXmlError at a document type declaration."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise MalformedXmlError(line=line or 1, column=column or 1) from error
    except (ValueError, LookupError) as error:
        raise MalformedXmlError(line=1, column=1) from error
    if root.getroottree().docinfo.doctype:
        raise ForbiddenXmlError
    return _convert(root)


def _convert(root: etree._Element) -> Node:
    """Copy the tree without recursion; depth is bounded here."""
    top = Node("", {})
    stack = [top]
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            node = Node(fold_name(element.tag), {fold_name(key): value for key, value in element.attrib.items()})
            stack[-1].parts.append(node)
            stack.append(node)
            if len(stack) > MAX_DEPTH:
                raise MalformedXmlError(line=element.sourceline or 1, column=1)
            node.parts += [element.text] if element.text else []
        else:
            stack.pop()
            stack[-1].parts += [element.tail] if element.tail else []
    first = top.parts[0]
    return first if isinstance(first, Node) else top


def fold_name(name: str) -> str:
    """Return a name as a Node has it."""
    return name.rpartition("}")[2].lower().removeprefix("qti-").replace("-", "")


def tidy_lines(text: str) -> str:
    """Return text with single blanks and without empty lines; a line with a firm blank is none."""
    lines = (BLANKS.sub(" ", line).strip(" ") for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
