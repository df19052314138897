"""Answers to byte ranges (RFC 9110 §14): players ask for one file piece by piece."""

from litestar import Response

from exam.core.storage import Storage

NOT_SHARED = "private, no-store"


def ranged(data: bytes, asked: str, kind: str) -> Response[bytes]:
    """Answer the one byte range that `asked` names, or the whole; `kind` is the media type."""
    span = _span(asked)
    if span is None or span[0] >= len(data):
        return Response(data, media_type=kind, headers=_HEADERS)
    first, last = span
    return _partial(data[first : None if last is None else last + 1], first, len(data), kind)


async def ranged_file(storage: Storage, key: str, asked: str, kind: str) -> Response[bytes]:
    """Answer as `ranged` does for a stored file, of which no more is read than is asked for; raises NotFoundError."""
    span = _span(asked)
    piece = await storage.get_piece(key, *span) if span else None
    if span is None or piece is None or span[0] >= piece.size:
        return Response(await storage.get(key), media_type=kind, headers=_HEADERS)
    return _partial(piece.data, span[0], piece.size, kind)


_HEADERS = {"Accept-Ranges": "bytes", "Cache-Control": NOT_SHARED}


def _span(asked: str) -> tuple[int, int | None] | None:
    """Return first and last byte of a header with one range from a place on; None for any other."""
    unit, _, span = asked.partition("=")
    first, _, last = span.partition("-")
    if unit != "bytes" or not first.isdigit():
        return None
    return int(first), int(last) if last.isdigit() else None


def _partial(data: bytes, first: int, size: int, kind: str) -> Response[bytes]:
    headers = {**_HEADERS, "Content-Range": f"bytes {first}-{first + len(data) - 1}/{size}"}
    return Response(data, status_code=206, media_type=kind, headers=headers)
