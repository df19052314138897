"""The one Chinese font of every printed document, loaded once and embedded as subsets.

Looked for in this order: the path that the settings name; Noto Sans SC (TrueType outlines, SIL OFL 1.1) in the
installed `zhplot` distribution, which is located and never imported; WenQuanYi of the operating system, which lacks
rare name characters. OpenType/CFF fonts are no use: reportlab embeds TrueType outlines only.
"""

import copy
import importlib.util
import logging
import struct
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from reportlab import rl_config
from reportlab.pdfbase import pdfdoc, pdfmetrics, ttfonts

from exam.core.pdf import tounicode
from exam.core.pdf.errors import FontMissingError

LABEL = "AnkaoLabel"
"""For wording that is the same on every copy of a layout: its embedded subset is built once and kept."""
TEXT = "AnkaoText"
"""For what differs from copy to copy."""
SYSTEM_FONTS = Path("/usr/share/fonts/truetype/wqy")
SUBSETS_KEPT = 32

_installing = Lock()
_log = logging.getLogger(__name__)


def find_font_file(configured: Path | None = None) -> Path:
    """Return the TrueType file to embed; raises FontMissingError."""
    for path in _candidates(configured):
        if path.is_file():
            if SYSTEM_FONTS in path.parents:
                _log.warning("font %s lacks rare name characters; install zhplot's Noto Sans SC", path.name)
            return path
    raise FontMissingError


def _candidates(configured: Path | None) -> Iterator[Path]:
    if configured is not None:
        yield configured
    spec = importlib.util.find_spec("zhplot")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(folder) / "fonts" / "NotoSansSC-Regular.ttf"
    yield from sorted([*SYSTEM_FONTS.glob("*.ttf"), *SYSTEM_FONTS.glob("*.ttc")])


class _Embedded(msgspec.Struct, frozen=True):
    """One subset as it stands in the PDF: compressed outlines and ToUnicode map, widths already written out."""

    program: bytes
    program_length: int
    to_unicode: bytes
    widths: str


class _Face(ttfonts.TTFontFace):  # type: ignore[misc]
    """A parsed font file whose tables are cut out once, not once per document (the outlines alone are 8 MB)."""

    def __init__(self, filename: str) -> None:
        self._cut_tables: dict[str, bytes] = {}
        super().__init__(filename)

    def get_table(self, tag: str) -> bytes:
        if tag not in self._cut_tables:
            self._cut_tables[tag] = super().get_table(tag)
        return self._cut_tables[tag]

    def embedded(self, name: str, subset: Sequence[int]) -> _Embedded:
        program = self.makeSubset(subset)
        cmap = tounicode.to_unicode_cmap(name, subset)
        widths = " ".join(f"{self.getCharWidth(point):g}" for point in subset)
        return _Embedded(zlib.compress(program), len(program), zlib.compress(cmap.encode()), f"[{widths}]")


class _Font(ttfonts.TTFont):  # type: ignore[misc]
    """A reportlab font that embeds its subsets with a right ToUnicode map; it keeps them when `kept` allows.

    It stands on an already parsed face: reportlab's own constructor would read the file again.
    """

    def __init__(self, name: str, face: _Face, *, kept: int = 0) -> None:
        self.fontName = name
        self.face = face
        self.encoding = ttfonts.TTEncoding()
        self.state: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
        # Without the reserved ASCII block a subset holds only the characters that are printed.
        self._asciiReadable = 0
        self.shapable = False
        self._embedded = lru_cache(maxsize=kept)(face.embedded) if kept else face.embedded

    def addObjects(self, doc: Any) -> None:  # noqa: N802 - reportlab calls it when a document is saved
        for number, subset in enumerate(self.state[doc].subsets):
            internal = self.getSubsetInternalName(number, doc)[1:]
            base = (ttfonts.SUBSETN(number) + b"+" + self.face.name).decode()
            font = self._font_object(doc, base, tuple(subset))
            font.Name = internal
            doc.Reference(font, internal)
            doc.idToObject["BasicFonts"].dict[internal] = font
        del self.state[doc]

    def _font_object(self, doc: Any, base: str, subset: tuple[int, ...]) -> Any:
        parts = self._embedded(base, subset)
        font = pdfdoc.PDFTrueTypeFont()
        font.BaseFont = base
        font.FirstChar, font.LastChar = 0, len(subset) - 1
        font.Widths = parts.widths
        font.ToUnicode = doc.Reference(_deflated(parts.to_unicode))
        font.FontDescriptor = doc.Reference(self._descriptor(doc, base, parts))
        return font

    def _descriptor(self, doc: Any, base: str, parts: _Embedded) -> Any:
        face = self.face
        outlines = _deflated(parts.program)
        outlines.dictionary["Length1"] = parts.program_length
        return pdfdoc.PDFDictionary(
            {
                "Type": "/FontDescriptor",
                "FontName": pdfdoc.PDFName(base),
                "Flags": (face.flags & ~ttfonts.FF_NONSYMBOLIC) | ttfonts.FF_SYMBOLIC,
                "FontBBox": pdfdoc.PDFArray(face.bbox),
                "Ascent": face.ascent,
                "Descent": face.descent,
                "CapHeight": face.capHeight,
                "ItalicAngle": face.italicAngle,
                "StemV": face.stemV,
                "MissingWidth": face.defaultWidth,
                "FontFile2": doc.Reference(outlines),
            }
        )


def _deflated(content: bytes) -> Any:
    stream = pdfdoc.PDFStream(content=content, filters=[])
    stream.dictionary["Filter"] = pdfdoc.PDFName("FlateDecode")
    return stream


def install_fonts(configured: Path | None = None) -> None:
    """Register LABEL and TEXT with reportlab; the first call decides, because reportlab's registry is the process's.

    Raises FontMissingError.
    """
    with _installing:
        if TEXT not in pdfmetrics.getRegisteredFontNames():
            _register(find_font_file(configured))


def font_program(characters: str) -> bytes:
    """Return a TrueType file with the outlines of these characters alone, found by their Unicode numbers."""
    face = pdfmetrics.getFont(TEXT).face
    points = [ord(character) for character in characters]
    subset, made = face.makeSubset(points), ttfonts.TTFontMaker()
    for number in range(int.from_bytes(subset[4:6])):
        entry = subset[12 + 16 * number : 28 + 16 * number]
        start, length = int.from_bytes(entry[8:12]), int.from_bytes(entry[12:16])
        tag = entry[:4].decode()
        made.add(tag, _unicode_map(face, points) if tag == "cmap" else subset[start : start + length])
    program: bytes = made.makeStream()
    return program


def _unicode_map(face: _Face, points: Sequence[int]) -> bytes:
    """Return a cmap table of format 12 for a subset, whose glyphs are numbered in the order of their first use."""
    glyphs, groups = {0: 0}, list[bytes]()
    for point in points:
        new = glyphs.setdefault(face.charToGlyph.get(point, 0), len(glyphs))
        groups.append(struct.pack(">LLL", point, point, new))
    head = struct.pack(">HHHHL HHL", 0, 2, 0, 4, 20, 3, 10, 20)
    return head + struct.pack(">HHLLL", 12, 0, 16 + 12 * len(groups), 0, len(groups)) + b"".join(groups)


def missing_characters(text: str) -> str:
    """Return the characters of `text` that the font cannot show, each once, in order."""
    install_fonts()
    known = pdfmetrics.getFont(TEXT).face.charToGlyph
    return "".join(dict.fromkeys(c for c in text if not c.isspace() and ord(c) not in known))


def _register(path: Path) -> None:
    rl_config.useA85 = 0  # binary streams: ASCII armour costs a quarter in size and a pure-Python pass
    face = _Face(str(path))
    label_face = copy.copy(face)  # the parsed tables are shared
    label_face.name = face.name + b"-Label"  # reportlab tells fonts apart by face name
    pdfmetrics.registerFont(_Font(LABEL, label_face, kept=SUBSETS_KEPT))
    pdfmetrics.registerFont(_Font(TEXT, face))
