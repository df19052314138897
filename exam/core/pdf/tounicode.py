"""ToUnicode maps that keep every character, so that rare names can be searched in and copied out of a PDF.

reportlab 5.1 writes the code point as one hexadecimal number. ISO 32000-1 §9.10.3 asks for UTF-16BE, so a character
beyond the basic plane (𬭳, U+2CB73) needs a surrogate pair, and at most 100 pairs may stand in one bfchar block.
"""

from collections.abc import Iterator, Sequence

BLOCK = 100

_HEAD = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /{name} def
/CMapType 2 def
1 begincodespacerange
<00> <FF>
endcodespacerange"""
_TAIL = """endcmap
CMapName currentdict /CMap defineresource pop
end
end"""


def to_unicode_cmap(font_name: str, subset: Sequence[int]) -> str:
    """Return the CMap program of one font subset; `subset` holds the code point of each of at most 256 codes."""
    pairs = [f"<{code:02X}> <{_utf16(point)}>" for code, point in enumerate(subset) if point]
    return "\n".join([_HEAD.format(name=font_name), *_blocks(pairs), _TAIL])


def _utf16(point: int) -> str:
    return chr(point).encode("utf-16-be").hex().upper()


def _blocks(pairs: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(pairs), BLOCK):
        block = pairs[start : start + BLOCK]
        yield f"{len(block)} beginbfchar"
        yield from block
        yield "endbfchar"
