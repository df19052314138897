"""Answers to byte ranges (RFC 9110 §14): players ask for one file piece by piece."""

from litestar import Response

NOT_SHARED = "private, no-store"


def ranged(data: bytes, asked: str, kind: str) -> Response[bytes]:
    """Answer the one byte range that `asked` names, or the whole; `kind` is the media type."""
    headers = {"Accept-Ranges": "bytes", "Cache-Control": NOT_SHARED}
    unit, _, span = asked.partition("=")
    first, _, last = span.partition("-")
    if unit != "bytes" or not first.isdigit() or int(first) >= len(data):
        return Response(data, media_type=kind, headers=headers)
    end = min(int(last), len(data) - 1) if last.isdigit() else len(data) - 1
    headers["Content-Range"] = f"bytes {first}-{end}/{len(data)}"
    return Response(data[int(first) : end + 1], status_code=206, media_type=kind, headers=headers)
