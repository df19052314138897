"""The package of an OFD document (GB/T 33190-2016 clauses 6 and 7): a zip of XML files, the font, the portrait, attachments.

Equal inputs give equal bytes: no clock, no random number, one order of the files. The archive's comment is free for a
seal; attachments are stored as they are, so that a verifier finds them without unpacking anything.
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from xml.sax.saxutils import escape

from exam.core.ofd.page import FONT_ID, IMAGE_ID, LAYER_ID, PAGE_ID, OfdSheet
from exam.core.pdf.attachment import Attachment
from exam.core.pdf.fonts import font_program, install_fonts
from exam.core.pdf.sheet import About, Sheet

ROOT = "OFD.xml"
ATTACHMENTS = "Doc_0/Attachs/"
_NAMESPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"'
_EPOCH = (1980, 1, 1, 0, 0, 0)


def render_ofd(
    size: tuple[float, float],
    about: About,
    draw: Callable[[Sheet], None],
    *,
    attachments: tuple[Attachment, ...] = (),
    comment: bytes = b"",
) -> bytes:
    """Return a one-page document of `size` mm with an embedded font and no script; `attachments` have ASCII names."""
    install_fonts()
    sheet = OfdSheet(size)
    draw(sheet)
    files: dict[str, bytes] = {
        ROOT: _root(about, attachments),
        "Doc_0/Document.xml": _document(sheet, attachments),
        "Doc_0/PublicRes.xml": _fonts(),
        "Doc_0/Pages/Page_0/Content.xml": _page(sheet),
        "Doc_0/Res/Font_0.ttf": font_program("".join(sorted(sheet.characters))),
    }
    if sheet.picture is not None:
        files |= {"Doc_0/DocumentRes.xml": _media(), "Doc_0/Res/Image_0.jpg": sheet.picture}
    if attachments:
        files[f"{ATTACHMENTS}Attachments.xml"] = _attached(about, attachments)
        files |= {ATTACHMENTS + each.name: each.content for each in attachments}
    return _zipped(files, {ATTACHMENTS + each.name for each in attachments}, comment)


def _zipped(files: Mapping[str, bytes], plain: set[str], comment: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            packing = zipfile.ZIP_STORED if name in plain else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, packing, 6)
        archive.comment = comment
    return out.getvalue()


def _xml(text: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


def _root(about: About, attachments: tuple[Attachment, ...]) -> bytes:
    number = hashlib.sha256(b"".join(each.content for each in attachments)).hexdigest()[:32]
    return _xml(
        f'<ofd:OFD {_NAMESPACE} Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo><ofd:DocID>{number}</ofd:DocID>'
        f"<ofd:Title>{escape(about.title)}</ofd:Title><ofd:Author>{escape(about.author)}</ofd:Author>"
        f"<ofd:Subject>{escape(about.subject)}</ofd:Subject><ofd:CreationDate>{about.dated_on}</ofd:CreationDate>"
        "<ofd:Creator>Ankao</ofd:Creator></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
    )


def _document(sheet: OfdSheet, attachments: tuple[Attachment, ...]) -> bytes:
    media = "<ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes>" if sheet.picture is not None else ""
    attached = "<ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments>" if attachments else ""
    return _xml(
        f"<ofd:Document {_NAMESPACE}><ofd:CommonData><ofd:MaxUnitID>{sheet.last_id}</ofd:MaxUnitID>{_area(sheet, 'PageArea')}"
        f"<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>{media}</ofd:CommonData>"
        f'<ofd:Pages><ofd:Page ID="{PAGE_ID}" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages>{attached}</ofd:Document>'
    )


def _area(sheet: OfdSheet, name: str) -> str:
    box = f"<ofd:PhysicalBox>0 0 {sheet.width:g} {sheet.height:g}</ofd:PhysicalBox>"
    return f"<ofd:{name}>{box}</ofd:{name}>"


def _fonts() -> bytes:
    font = f'<ofd:Font ID="{FONT_ID}" FontName="Ankao" Charset="unicode"><ofd:FontFile>Font_0.ttf</ofd:FontFile></ofd:Font>'
    return _xml(f'<ofd:Res {_NAMESPACE} BaseLoc="Res"><ofd:Fonts>{font}</ofd:Fonts></ofd:Res>')


def _media() -> bytes:
    file = f'<ofd:MultiMedia ID="{IMAGE_ID}" Type="Image" Format="JPEG"><ofd:MediaFile>Image_0.jpg</ofd:MediaFile></ofd:MultiMedia>'
    return _xml(f'<ofd:Res {_NAMESPACE} BaseLoc="Res"><ofd:MultiMedias>{file}</ofd:MultiMedias></ofd:Res>')


def _page(sheet: OfdSheet) -> bytes:
    layer = f'<ofd:Layer ID="{LAYER_ID}">{"".join(sheet.objects)}</ofd:Layer>'
    return _xml(f"<ofd:Page {_NAMESPACE}>{_area(sheet, 'Area')}<ofd:Content>{layer}</ofd:Content></ofd:Page>")


def _attached(about: About, attachments: tuple[Attachment, ...]) -> bytes:
    entries = "".join(
        f'<ofd:Attachment ID="A{number}" Name="{each.name}" Format="{each.name.rpartition(".")[2]}"'
        f' CreationDate="{about.dated_on}" Size="{len(each.content) / 1024:.3f}">'
        f"<ofd:FileLoc>{each.name}</ofd:FileLoc></ofd:Attachment>"
        for number, each in enumerate(attachments)
    )
    return _xml(f"<ofd:Attachments {_NAMESPACE}>{entries}</ofd:Attachments>")
