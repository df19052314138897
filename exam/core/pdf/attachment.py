"""Files carried inside a PDF (ISO 32000-1 §7.11.4), such as the log proof of a certificate."""

from typing import Any

import msgspec
from reportlab.pdfbase import pdfdoc


class Attachment(msgspec.Struct, frozen=True):
    """A file to carry: its ASCII name, media type and bytes."""

    name: str
    media_type: str
    content: bytes


def attach(document: Any, attachments: tuple[Attachment, ...]) -> None:
    """Add the files to the document's name tree, sorted as the tree demands; none leaves the document as it is."""
    if not attachments:
        return
    pairs: list[Any] = []
    for attachment in sorted(attachments, key=lambda one: one.name):
        pairs += [pdfdoc.PDFString(attachment.name), document.Reference(_file_specification(document, attachment))]
    files = pdfdoc.PDFDictionary({"Names": pdfdoc.PDFArray(pairs)})
    document.Catalog.Names = pdfdoc.PDFDictionary({"EmbeddedFiles": files})


def _file_specification(document: Any, attachment: Attachment) -> Any:
    stream = pdfdoc.PDFStream(content=attachment.content, filters=[pdfdoc.PDFZCompress])
    stream.dictionary["Type"] = pdfdoc.PDFName("EmbeddedFile")
    # Written out by hand: reportlab's PDFName leaves the slash of a media type as it is, which ends the name.
    stream.dictionary["Subtype"] = "/" + attachment.media_type.replace("/", "#2F")
    name = pdfdoc.PDFString(attachment.name)
    embedded = pdfdoc.PDFDictionary({"F": document.Reference(stream)})
    return pdfdoc.PDFDictionary({"Type": pdfdoc.PDFName("Filespec"), "F": name, "UF": name, "EF": embedded})
