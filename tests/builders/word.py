"""Word documents for tests, written part by part as Word writes them."""

import zipfile
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
SPACES = " ".join(
    f'xmlns:{prefix}="http://schemas.openxmlformats.org/{name}"'
    for prefix, name in {
        "w": "wordprocessingml/2006/main",
        "r": "officeDocument/2006/relationships",
        "m": "officeDocument/2006/math",
        "a": "drawingml/2006/main",
        "pic": "drawingml/2006/picture",
        "wp": "drawingml/2006/wordprocessingDrawing",
        "v": "vml",
        "o": "office",
    }.items()
)
NUMBERING = f"""<w:numbering xmlns:w="{W}">
<w:abstractNum w:abstractNumId="7"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="upperLetter"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="8"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCountingThousand"/>
</w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="8"/></w:num>
</w:numbering>"""


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(*runs: str, list_id: int = 0, level: int = 0) -> str:
    """Return a paragraph of runs; plain text is made a run."""
    numbered = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list_id}"/></w:numPr>' if list_id else ""
    inner = "".join(one if one.startswith("<") else run(one) for one in runs)
    return f"<w:p><w:pPr>{numbered}</w:pPr>{inner}</w:p>"


def table(rows: Sequence[Sequence[str]]) -> str:
    cells = ("".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


def drawing(*relations: str, words: str = "") -> str:
    """Return a run with pictures by the names of their relationships."""
    blips = "".join(f'<pic:pic><pic:blipFill><a:blip r:embed="{each}"/></pic:blipFill></pic:pic>' for each in relations)
    inner = f'<wp:docPr id="1" name="图片 1" descr="{escape(words)}"/><a:graphic><a:graphicData>{blips}</a:graphicData></a:graphic>'
    return f"<w:r><w:drawing><wp:inline>{inner}</wp:inline></w:drawing></w:r>"


def formula(inner: str) -> str:
    """Return a formula of Office MathML, whose elements have the prefix m."""
    return f"<m:oMath>{inner}</m:oMath>"


def docx(*blocks: str, files: Mapping[str, bytes] = {}, relations: Mapping[str, str] = {}) -> bytes:
    """Return a document of paragraphs and tables; `relations` are targets by id, external where they have a scheme."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        body = "".join(blocks)
        archive.writestr("word/document.xml", f"<w:document {SPACES}><w:body>{body}</w:body></w:document>")
        archive.writestr("word/numbering.xml", NUMBERING)
        named = "".join(_relation(*each) for each in relations.items())
        archive.writestr("word/_rels/document.xml.rels", f'<Relationships xmlns="{RELATIONS}">{named}</Relationships>')
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def _relation(name: str, target: str) -> str:
    mode = ' TargetMode="External"' if "://" in target else ""
    return f'<Relationship Id="{name}" Type="image" Target="{escape(target)}"{mode}/>'
