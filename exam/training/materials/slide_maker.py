"""Making the pages of a PDF pictures; runs in the limited process only.

Learners get pictures one by one as they study: the document itself would show them its end on the first day, and a
stranger's PDF may hold scripts, links and forms, none of which survives in a picture.
"""

from contextlib import closing
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pypdfium2

from exam.core.words import UnreadableTextError, require_readable
from exam.training.lessons.slides import Slide, Slides
from exam.training.materials.errors import NotMadeError, SlidesCountError, SlidesLockedError
from exam.training.materials.limited import Tell

WIDTH: Final = 1280
MOST_HEIGHT: Final = 3 * WIDTH
MOST_PAGES: Final = 300
MOST_TEXT: Final = 4000
QUALITY: Final = 85
_PASSWORD: Final = "password"  # noqa: S105  # what the library calls a document that wants one


def make_slides(source: Path, folder: Path, tell: Tell) -> Slides:
    """Write a picture of each page into a folder; raises NotMadeError and its kinds. The slides' own folder is empty."""
    try:
        with closing(pypdfium2.PdfDocument(str(source))) as document:
            if not 0 < len(document) <= MOST_PAGES:
                raise SlidesCountError
            pages = []
            for place in range(len(document)):
                pages.append(_make(document[place], folder))
                tell(min((place + 1) * 100 // len(document), 99))
    except pypdfium2.PdfiumError as error:
        raise (SlidesLockedError if _PASSWORD in str(error).lower() else NotMadeError) from error
    return Slides(folder="", pages=tuple(pages))


def _make(page: Any, folder: Path) -> Slide:
    width, height = page.get_size()
    if width <= 0 or height <= 0 or height / width * WIDTH > MOST_HEIGHT:
        raise NotMadeError
    target = BytesIO()
    page.render(scale=WIDTH / width).to_pil().convert("RGB").save(target, "JPEG", quality=QUALITY, optimize=True)
    picture = target.getvalue()
    digest = sha256(picture).hexdigest()
    (folder / f"{digest}.jpg").write_bytes(picture)
    return Slide(digest, _text(page))


def _text(page: Any) -> str:
    """Return the page's text by lines, nothing where nothing of ours could keep it."""
    lines = (" ".join(line.split()) for line in page.get_textpage().get_text_bounded().splitlines())
    text = "\n".join(line for line in lines if line)[:MOST_TEXT]
    try:
        require_readable(text)
    except UnreadableTextError:
        return ""
    return text
