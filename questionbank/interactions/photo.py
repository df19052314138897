"""The photo of an item: small, plain, the same bytes whenever it passes here again."""

from typing import Final

from exam.core.pdf.errors import PhotoTooLargeError, PhotoUnreadableError
from exam.core.photo import Size, clean_photo, plain_size, upright_size
from questionbank.formats.refusals import RowError
from questionbank.items.content import Photo

PHOTO_PX: Final[Size] = (1024, 1024)
MOST_BYTES: Final = 120 * 1024
"""Every form that asks the item holds its photo: sealed, sent at the start, kept by the terminal."""
_LEAST_PX: Final = 100


def fit_photo(data: bytes) -> tuple[Photo, float]:
    """Return the photo that an item keeps of a JPEG or PNG picture, and by how much it was made smaller, 1 at most.

    What this function once returned comes back unchanged. Raises RowError `photo_unreadable`.
    """
    try:
        jpeg, before = clean_photo(data, PHOTO_PX, MOST_BYTES), upright_size(data)
    except (PhotoUnreadableError, PhotoTooLargeError) as error:
        raise RowError("photo_unreadable") from error
    width, height = plain_size(jpeg, PHOTO_PX) or (0, 0)
    if min(width, height) < _LEAST_PX:
        raise RowError("photo_unreadable")
    return Photo(width, height, jpeg), width / before[0]
