"""The one check of every text that comes in, before any handler sees it."""

import re
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.enums import RequestEncodingType
from litestar.types import Empty
from litestar.utils.scope.state import ScopeState

from exam.core.errors import DomainError
from exam.core.words import UnreadableTextError, require_readable

FORMS: Final = {RequestEncodingType.URL_ENCODED, RequestEncodingType.MULTI_PART}
_ESCAPED: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?:00(?:0[0-8bcef]|1[0-9a-f]|7f)|fff[d-f])", re.IGNORECASE)
"""A JSON escape of a character that `require_readable` refuses; msgspec itself refuses lone surrogates."""


class WrongMediaTypeError(DomainError):
    """The body is not of the kind that the route reads; the framework would try it all the same.

    A form of another site can send text/plain, but no JSON: so this also keeps such a form out where no token is asked.
    """

    code = "wrong_media_type"
    message = "这个地址只接受 {wanted} 格式的内容,没有保存任何数据。"


async def require_readable_request(request: Request[Any, Any, Any]) -> None:
    """Refuse a body of the wrong kind, and an address, a form or a JSON body whose text nothing of ours could keep.

    Raises WrongMediaTypeError and UnreadableTextError.
    """
    _require_media_type(request)
    require_readable(request.scope["path"])
    for name, value in request.query_params.items():
        require_readable(name)
        require_readable(str(value))
    kind = request.content_type[0]
    if kind in FORMS:
        for name, value in (await request.form()).multi_items():
            require_readable(name)
            if isinstance(value, str):
                require_readable(value)
    elif kind == RequestEncodingType.JSON:
        _require_readable_json(await request.body())


def _require_media_type(request: Request[Any, Any, Any]) -> None:
    data = request.route_handler.parsed_data_field
    wanted = getattr(data.kwarg_definition, "media_type", None) if data else None
    empty = request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers
    if wanted and not empty and request.content_type[0] != wanted:
        raise WrongMediaTypeError(wanted=str(wanted.value))


def _require_readable_json(body: bytes) -> None:
    if b"\\u" in body and _ESCAPED.search(body):
        raise UnreadableTextError
    try:
        require_readable(body.decode())
        msgspec.json.decode(body, type=msgspec.Raw)
    except (UnicodeDecodeError, RecursionError) as error:
        raise UnreadableTextError from error
    except msgspec.DecodeError:
        return  # the framework says so in its own words, or the handler takes no body


def is_unread_form(request: Request[Any, Any, Any], error: Exception) -> bool:
    """Tell that a form of another encoding broke the reading of it, which the CSRF check does before any handler."""
    unread = ScopeState.from_scope(request.scope).form is Empty
    return isinstance(error, UnicodeDecodeError) and unread and request.content_type[0] in FORMS
