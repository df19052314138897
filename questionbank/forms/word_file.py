"""A form on paper as a Word document (ECMA-376-1 §17, §11.3): what little of it a paper needs, written directly; pure."""

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Final

from lxml import etree  # type: ignore[import-untyped]

from questionbank.formats.write_omml import OMML, to_omml
from questionbank.forms.wording import Face, Paragraph, Print
from questionbank.items.content import Photo

DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_DRAWING: Final = "http://schemas.openxmlformats.org/drawingml/2006"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_EPOCH: Final = (2000, 1, 1, 0, 0, 0)
"""The date of every member: the same copy gives the same bytes."""
_TWIPS_PER_MM: Final = 1440 / 25.4
_WIDTH_MM: Final = 170.0
_EMU_PER_MM: Final = 36_000
_SIZES: Final[Mapping[Face, int]] = {Face.TITLE: 32, Face.HEAD: 24, Face.PLAIN: 21, Face.SMALL: 17}
"""In half points."""
_FONT: Final = {"ascii": "Times New Roman", "hAnsi": "Times New Roman", "eastAsia": "宋体"}
_MATHS_FONT: Final = {"ascii": "Cambria Math", "hAnsi": "Cambria Math"}
_GREY: Final = "8A8F98"


def write_docx(worded: Print) -> bytes:
    """Return the document of a copy: each part from a page of its own, no question broken between pages.

    Head and foot of every page bear the number of the copy, the watermark's words and the page of all pages.
    """
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, root in _members(worded):
            member = zipfile.ZipInfo(name, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, etree.tostring(root, encoding="UTF-8", xml_declaration=True, standalone=True))
        for number, photo in enumerate(_photos(worded), 1):
            archive.writestr(zipfile.ZipInfo(f"word/media/photo{number}.jpeg", _EPOCH), photo.jpeg)
    return out.getvalue()


def _photos(worded: Print) -> list[Photo]:
    """Return the photos of a copy, each once, in order."""
    every = (each.photo for part in worded.parts for block in part.blocks for each in block)
    return list(dict.fromkeys(photo for photo in every if photo))


def _members(worded: Print) -> list[tuple[str, etree._Element]]:
    head, foot, photos = _root("hdr"), _root("ftr"), _photos(worded)
    related = {"rId1": (f"{_R}/header", "header1.xml"), "rId2": (f"{_R}/footer", "footer1.xml")}
    related |= {f"photo{number}": (f"{_R}/image", f"media/photo{number}.jpeg") for number in range(1, len(photos) + 1)}
    _note(head, " · ".join(filter(None, (worded.title, worded.number, worded.watermark))), pages=False)
    _note(foot, worded.warning, pages=True)
    return [
        ("[Content_Types].xml", _types()),
        ("_rels/.rels", _relations({"rId1": (f"{_R}/officeDocument", "word/document.xml")})),
        ("word/document.xml", _document(worded, photos)),
        ("word/header1.xml", head),
        ("word/footer1.xml", foot),
        (
            "word/_rels/document.xml.rels",
            _relations(related),
        ),
    ]


def _types() -> etree._Element:
    root = etree.Element(f"{{{_PACKAGE}/content-types}}Types", nsmap={None: f"{_PACKAGE}/content-types"})
    kinds = {"document": "document.main", "header1": "header", "footer1": "footer"}
    tag = f"{{{_PACKAGE}/content-types}}"
    etree.SubElement(root, f"{tag}Default", Extension="jpeg", ContentType="image/jpeg")
    etree.SubElement(
        root, f"{tag}Default", Extension="rels", ContentType="application/vnd.openxmlformats-package.relationships+xml"
    )
    for name, kind in kinds.items():
        etree.SubElement(root, f"{tag}Override", PartName=f"/word/{name}.xml", ContentType=f"{_TYPE}.{kind}+xml")
    return root


def _relations(targets: Mapping[str, tuple[str, str]]) -> etree._Element:
    namespace = f"{_PACKAGE}/relationships"
    root = etree.Element(f"{{{namespace}}}Relationships", nsmap={None: namespace})
    for identifier, (kind, target) in targets.items():
        etree.SubElement(root, f"{{{namespace}}}Relationship", Id=identifier, Type=kind, Target=target)
    return root


def _root(name: str) -> etree._Element:
    return etree.Element(f"{{{_W}}}{name}", nsmap={"w": _W, "r": _R, "m": OMML})


def _add(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{_W}}}{name}", {f"{{{_W}}}{key}": value for key, value in attributes.items()})


def _document(worded: Print, photos: Sequence[Photo]) -> etree._Element:
    root = _root("document")
    body = _add(root, "body")
    for number, part in enumerate(worded.parts):
        for at, block in enumerate(part.blocks):
            _block(body, block, photos, new_page=number > 0 and at == 0)
    page = _add(body, "sectPr")
    for name, identifier in (("headerReference", "rId1"), ("footerReference", "rId2")):
        _add(page, name, type="default").set(f"{{{_R}}}id", identifier)
    _add(page, "pgSz", w=_twips(210), h=_twips(297))
    margins = {"top": 24, "right": 20, "bottom": 20, "left": 20, "header": 10, "footer": 8, "gutter": 0}
    _add(page, "pgMar", **{side: _twips(wide) for side, wide in margins.items()})
    return root


def _block(body: etree._Element, block: Sequence[Paragraph], photos: Sequence[Photo], *, new_page: bool) -> None:
    for at, paragraph in enumerate(block):
        element = _paragraph(body, paragraph, keep=at < len(block) - 1, new_page=new_page and at == 0)
        if paragraph.photo:
            _picture(element, paragraph.photo, paragraph.scale, photos.index(paragraph.photo) + 1)


def _picture(paragraph: etree._Element, photo: Photo, scale: float, number: int) -> None:
    """Put a photo of `scale` mm to a pixel into a paragraph, in line (ECMA-376-1 §20.4.2.8)."""
    emu = scale * _EMU_PER_MM
    size = {"cx": str(round(photo.width * emu)), "cy": str(round(photo.height * emu))}
    named = {"id": str(number), "name": f"photo{number}"}
    inline = etree.SubElement(_add(_add(paragraph, "r"), "drawing"), f"{{{_DRAWING}/wordprocessingDrawing}}inline")
    etree.SubElement(inline, f"{{{_DRAWING}/wordprocessingDrawing}}extent", size)
    etree.SubElement(inline, f"{{{_DRAWING}/wordprocessingDrawing}}docPr", named)
    a, pic = f"{{{_DRAWING}/main}}", f"{{{_DRAWING}/picture}}"
    data = etree.SubElement(etree.SubElement(inline, f"{a}graphic"), f"{a}graphicData", uri=f"{_DRAWING}/picture")
    picture = etree.SubElement(data, f"{pic}pic")
    about = etree.SubElement(picture, f"{pic}nvPicPr")
    etree.SubElement(about, f"{pic}cNvPr", named)
    etree.SubElement(about, f"{pic}cNvPicPr")
    fill = etree.SubElement(picture, f"{pic}blipFill")
    etree.SubElement(fill, f"{a}blip").set(f"{{{_R}}}embed", f"photo{number}")
    etree.SubElement(etree.SubElement(fill, f"{a}stretch"), f"{a}fillRect")
    shape = etree.SubElement(picture, f"{pic}spPr")
    frame = etree.SubElement(shape, f"{a}xfrm")
    etree.SubElement(frame, f"{a}off", x="0", y="0")
    etree.SubElement(frame, f"{a}ext", size)
    etree.SubElement(shape, f"{a}prstGeom", prst="rect")


def _paragraph(body: etree._Element, paragraph: Paragraph, *, keep: bool, new_page: bool) -> etree._Element:
    size = _SIZES[paragraph.face]
    element = _add(body, "p")
    layout = _add(element, "pPr")
    if keep:
        _add(layout, "keepNext")
    _add(layout, "keepLines")
    if new_page:
        _add(layout, "pageBreakBefore")
    if paragraph.columns > 1:
        stops = _add(layout, "tabs")
        for column in range(1, paragraph.columns):
            _add(stops, "tab", val="left", pos=_twips(_WIDTH_MM / paragraph.columns * column))
    _add(layout, "spacing", before=str(round(paragraph.before * size * 10)), after="0", line="360", lineRule="auto")
    if paragraph.indent:
        _add(layout, "ind", left=_twips(paragraph.indent))
    _words(element, paragraph, size=size, bold=paragraph.face in {Face.TITLE, Face.HEAD})
    return element


def _words(element: etree._Element, paragraph: Paragraph, *, size: int, bold: bool) -> None:
    """Write the words of a paragraph and its formulas as formulas of Word; in words where Word has none like it."""
    at = 0
    for formula in paragraph.formulas:
        written = to_omml(formula.mathml)
        if written is not None:
            _run(element, paragraph.text[at : formula.start], size=size, bold=bold)
            _look_like(written, size)
            element.append(written)
            at = formula.end
    if at < len(paragraph.text) or not at:
        _run(element, paragraph.text[at:], size=size, bold=bold)


def _look_like(formula: etree._Element, size: int) -> None:
    """Give a formula the size of the words around it, and words in it their face (ECMA-376-1 §22.1.2.87)."""
    for run in formula.iter(f"{{{OMML}}}r"):
        about = run.find(f"{{{OMML}}}rPr")
        in_words = about is not None and about.find(f"{{{OMML}}}nor") is not None
        look = etree.Element(f"{{{_W}}}rPr")
        _add(look, "rFonts", **(_FONT if in_words else _MATHS_FONT))
        _add(look, "sz", val=str(size))
        run.insert(0 if about is None else 1, look)


def _run(parent: etree._Element, text: str, *, size: int, bold: bool = False, colour: str = "") -> None:
    run = _add(parent, "r")
    look = _add(run, "rPr")
    _add(look, "rFonts", **_FONT)
    if bold:
        _add(look, "b")
    if colour:
        _add(look, "color", val=colour)
    _add(look, "sz", val=str(size))
    for number, line in enumerate(text.split("\n")):
        if number:
            _add(run, "br")
        for column, piece in enumerate(line.split("\t")):
            if column:
                _add(run, "tab")
            written = _add(run, "t")
            written.text = piece
            written.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def _note(root: etree._Element, text: str, *, pages: bool) -> None:
    """Write the one line of a head or foot, at the foot with the page and the number of all pages at its right."""
    element = _add(root, "p")
    stops = _add(_add(element, "pPr"), "tabs")
    _add(stops, "tab", val="right", pos=_twips(_WIDTH_MM))
    small = _SIZES[Face.SMALL]
    _run(element, f"{text}\t" if pages else text, size=small, colour=_GREY)
    for field, after in (("PAGE", " / "), ("NUMPAGES", "")) if pages else ():
        _run(_add(element, "fldSimple", instr=field), "1", size=small, colour=_GREY)
        if after:
            _run(element, after, size=small, colour=_GREY)


def _twips(millimetres: float) -> str:
    return str(round(millimetres * _TWIPS_PER_MM))
