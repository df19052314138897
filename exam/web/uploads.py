"""Multipart forms with a file."""

from typing import Any

from litestar import Request
from litestar.datastructures import UploadFile


async def read_upload(request: Request[Any, Any, Any], name: str) -> tuple[dict[str, str], bytes | None]:
    """Return the text fields of a multipart form and the bytes of its one file, if it was chosen."""
    form = await request.form()
    file = form.get(name)
    data = await file.read() if isinstance(file, UploadFile) else None
    fields = {key: value for key, value in form.items() if isinstance(value, str) and key not in {name, "_csrf_token"}}
    return fields, data or None
