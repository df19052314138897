"""Multipart forms with a file."""

from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile
from litestar.exceptions import ValidationException

from exam.web.forms import Form

F = TypeVar("F", bound=Form)


async def read_upload(request: Request[Any, Any, Any], name: str) -> tuple[dict[str, str], bytes | None]:
    """Return the text fields of a multipart form and the bytes of its one file, if it was chosen."""
    form = await request.form()
    file = form.get(name)
    data = await file.read() if isinstance(file, UploadFile) else None
    fields = {key: value for key, value in form.items() if isinstance(value, str) and key not in {name, "_csrf_token"}}
    return fields, data or None


async def read_form(request: Request[Any, Any, Any], kind: type[F], name: str) -> tuple[F, bytes | None]:
    """Return the text fields as a struct, and the bytes of the one file; a field that is not the form's is refused."""
    fields, data = await read_upload(request, name)
    try:
        return msgspec.convert(fields, kind, strict=False), data
    except msgspec.ValidationError as error:
        raise ValidationException from error


async def read_file(request: Request[Any, Any, Any], name: str) -> bytes | None:
    """Return the bytes of a multipart form that has nothing but its one file."""
    _, data = await read_form(request, Form, name)
    return data
