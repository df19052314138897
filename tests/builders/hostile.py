"""Every field that the application takes, read from its own routes, and hostile values for each of them."""

import inspect
import re
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, get_args, get_origin
from urllib.parse import quote, unquote_to_bytes

import msgspec
from litestar import Litestar
from litestar.enums import RequestEncodingType

from exam.web.forms import Form
from exam.web.policy import KEY, Policy

JSON, FORM, MULTIPART = RequestEncodingType.JSON, RequestEncodingType.URL_ENCODED, RequestEncodingType.MULTI_PART
HUGE = "1" + "0" * 400
ZERO_WIDTH = quote("张\u200b三")
DIGITS = re.compile(r"\d+")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
EDGE = "ankao-edge"

BROKEN = {"nul": "a%00b", "control": "a%1Bb", "not utf-8": "%C4%E3", "100 kB": quote("甲") * 34_000}
"""Text that nothing may keep, percent-encoded."""
ODD = {"huge": HUGE, "zero width": ZERO_WIDTH, "empty": ""}
"""Text that some fields may take; whichever may not must say so."""
ODD_NUMBERS = {"nan": "NaN", "infinity": "-Infinity", "minus": "-1", "full width": quote("１２３")}
ODD_DAYS = {"last day": "9999-12-31", "first day": "0001-01-01", "no day": "2026-02-30"}
BROKEN_JSON = {
    "nul": rb'"a\u0000b"',
    "surrogate": rb'"\ud800"',
    "bare control": b'"\x00"',
    "100 kB": ('"' + "甲" * 34_000 + '"').encode(),
    "nan": b"NaN",
    "nested": b"[[1]]",
    "object": b'{"a": 1}',
}
ODD_JSON = {
    "huge": HUGE.encode(),
    "exponent": b"1e400",
    "minus": b"-1",
    "empty": b'""',
    "null": b"null",
    "true": b"true",
    "zero width": '"张\u200b三"'.encode(),
    "full width": '"１２３"'.encode(),
}
BROKEN_BODIES = {
    "list": b"[]",
    "number": HUGE.encode(),
    "cut off": b'{"a":',
    "deep": b"[" * 20_000,
    "gb18030": '{"name": "张三"}'.encode("gb18030"),
}

_UPLOAD = re.compile(r"read_form\(\s*request,\s*(\w+),\s*\"(\w+)\"|read_(?:upload|file)\(\s*request,\s*\"(\w+)\"")
_READ = re.compile(r"json\.decode\(await request\.body\(\), type=(\w+)\)")
_ASKED = re.compile(r"asked\.get\(\"(\w+)\"")


class Entrance(msgspec.Struct, frozen=True, kw_only=True):
    """One route: for whom, what its body is, the fields with their types, the file's name, the query's names."""

    method: str
    path: str
    policy: Policy
    media: RequestEncodingType | None = None
    fields: dict[str, Any] = {}
    file: str = ""
    query: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


class Attack(msgspec.Struct, frozen=True, kw_only=True):
    """One request; `refused` tells that nothing may be stored whatever is answered."""

    what: str
    body: bytes = b""
    media: str = ""
    query: str = ""
    refused: bool = True


def entrances(app: Litestar) -> list[Entrance]:
    """Return every route of the framework in order; the raw routes have tests of their own."""
    found = [
        _entrance(route.path, handler, method)
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        for method in sorted(handler.http_methods & {"GET", "POST"})
        if not route.path.startswith("/static/")
    ]
    return sorted(found, key=lambda each: (each.path, each.method))


def _entrance(path: str, handler: Any, method: str) -> Entrance:
    parameters = handler.parsed_fn_signature.parameters
    query = [*_query(parameters)]
    for name, provider in handler.resolve_dependencies().items():
        if name in parameters:
            query += [*_query(provider.parsed_fn_signature.parameters), *_ASKED.findall(_source(provider.dependency))]
    media, kind, file = _body(handler, parameters) if method == "POST" else (None, None, "")
    fields = {each.encode_name: each.type for each in msgspec.structs.fields(kind)} if kind else {}
    fields.pop("_csrf_token", None)
    policy: Policy = handler.opt[KEY]
    return Entrance(
        method=method,
        path=path,
        policy=policy,
        media=media,
        fields=fields,
        file=file,
        query=tuple(dict.fromkeys(query)),
    )


def _source(function: Any) -> str:
    return inspect.getsource(function) if inspect.isfunction(function) else ""


def _query(parameters: Mapping[str, Any]) -> Iterator[str]:
    for name, field in parameters.items():
        if type(field.kwarg_definition).__name__ == "QueryParameter":
            yield field.kwarg_definition.name or name


def _body(handler: Any, parameters: Mapping[str, Any]) -> tuple[RequestEncodingType, Any, str]:
    """Return how a body comes, its struct and the name of its file; a route that takes none reads like an empty form."""
    if "data" in parameters:
        data = parameters["data"]
        if get_origin(data.annotation) is dict:  # the roll, whose fields are named by the learners
            return FORM, None, ""
        media = getattr(data.kwarg_definition, "media_type", None) or JSON
        files = [each.encode_name for each in msgspec.structs.fields(data.annotation) if "UploadFile" in str(each.type)]
        return media, data.annotation, "".join(files)
    source = inspect.getsource(handler.fn)
    if read := _READ.search(source):
        return JSON, handler.fn.__globals__[read[1]], ""
    if called := _UPLOAD.search(source):
        return MULTIPART, handler.fn.__globals__[called[1]] if called[1] else Form, called[2] or called[3]
    return FORM, None, ""


def attacks(entrance: Entrance, valid: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[Attack]:
    """Yield what the route must stand; `valid` gives a plausible value by a field's name, `files` hostile uploads."""
    for name in entrance.query:
        for what, raw in (BROKEN | ODD | ODD_NUMBERS | ODD_DAYS).items():
            yield Attack(what=f"?{name} {what}", query=f"{name}={raw[:20_000]}")
    match entrance.media:
        case RequestEncodingType.JSON:
            yield from _json(entrance, valid)
        case RequestEncodingType.URL_ENCODED:
            yield from _form(entrance, valid)
        case RequestEncodingType.MULTI_PART:
            yield from _multipart(entrance, valid, files)


def _form(entrance: Entrance, valid: Mapping[str, Any]) -> Iterator[Attack]:
    base = {name: str(plausible(name, kind, valid)) for name, kind in entrance.fields.items()}

    def body(changed: dict[str, str], more: str = "") -> bytes:
        pairs = {name: quote(value) for name, value in base.items()} | changed
        return ("&".join(f"{name}={raw}" for name, raw in pairs.items()) + more).encode()

    def attack(what: str, body: bytes, media: str = FORM.value, *, refused: bool = bool(base)) -> Attack:
        return Attack(what=what, body=body, media=media, refused=refused)

    for name, kind in entrance.fields.items():
        for what, raw in BROKEN.items():
            yield attack(f"{name} {what}", body({name: raw}))
        for what, raw in odd_for(base[name]).items():
            yield attack(f"{name} {what}", body({name: raw}), refused=False)
        several = "list" in str(kind) or "tuple" in str(kind)
        yield attack(f"{name} repeated", body({}, f"&{name}=x&{name}=y"), refused=not several)
    yield attack("unknown field", body({"surplus": "1"}))
    yield attack("as JSON", b'{"a": 1}', JSON.value)
    yield attack("as text", body({}), "text/plain")
    yield attack("no form", b"%zz=%&&=;\x00", refused=True)


def odd_for(value: str) -> dict[str, str]:
    """Return the odd values that a field of this kind might stumble over."""
    return ODD | (ODD_NUMBERS if DIGITS.fullmatch(value) else {}) | (ODD_DAYS if DAY.fullmatch(value) else {})


def _json(entrance: Entrance, valid: Mapping[str, Any]) -> Iterator[Attack]:
    base = {name: msgspec.json.encode(plausible(name, kind, valid)) for name, kind in entrance.fields.items()}

    def attack(what: str, changed: dict[str, bytes], *, refused: bool = True) -> Attack:
        body = b",".join(f'"{name}":'.encode() + raw for name, raw in (base | changed).items())
        return Attack(what=what, body=b"{" + body + b"}", media=JSON.value, refused=refused)

    for name in base:
        for what, raw in BROKEN_JSON.items():
            yield attack(f"{name} {what}", {name: raw})
        for what, raw in ODD_JSON.items():
            yield attack(f"{name} {what}", {name: raw}, refused=False)
    yield attack("unknown field", {"surplus": b"1"})
    for what, raw in BROKEN_BODIES.items():
        yield Attack(what=what, body=raw, media=JSON.value)
    yield Attack(what="as a form", body=b"a=1", media=FORM.value)


def _multipart(entrance: Entrance, valid: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[Attack]:
    media = f"{MULTIPART.value}; boundary={EDGE}"
    known = {name: kind for name, kind in entrance.fields.items() if name != entrance.file}
    base = {name: str(plausible(name, kind, valid)).encode() for name, kind in known.items()}
    part = _parts(entrance.file)
    for name in base:
        for what, raw in BROKEN.items():
            yield Attack(
                what=f"{name} {what}", body=part(base | {name: unquote_to_bytes(raw)}, "x.csv", b"a"), media=media
            )
    for file, data in files.items():
        yield Attack(what=f"file {file!r}", body=part(base, file, data), media=media)
    yield Attack(what="unknown field", body=part(base | {"surplus": b"1"}, "x.csv", b"a"), media=media)
    yield Attack(what="no boundary", body=b"--x", media=MULTIPART.value)
    yield Attack(what="cut off", body=part(base, "x.csv", b"a" * 100)[:-60], media=media)
    yield Attack(what="as JSON", body=b"{}", media=JSON.value)


def _parts(file: str) -> Callable[[Mapping[str, bytes], str, bytes], bytes]:
    def part(texts: Mapping[str, bytes], filename: str, data: bytes) -> bytes:
        head = f'--{EDGE}\r\nContent-Disposition: form-data; name="'
        fields = [f'{head}{name}"\r\n\r\n'.encode() + raw + b"\r\n" for name, raw in texts.items()]
        last = f'{head}{file}"; filename="{filename}"\r\nContent-Type: application/octet-stream\r\n\r\n'.encode()
        return b"".join([*fields, last, data, f"\r\n--{EDGE}--\r\n".encode()])

    return part


def plausible(name: str, kind: Any, valid: Mapping[str, Any]) -> Any:
    """Return a value that the field would take, so that only the attacked one is bad."""
    if name in valid:
        return valid[name]
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return inner[0]
    if origin in {list, tuple, dict}:
        return origin()
    if inner and (origin is types.UnionType or str(origin) == "typing.Union" or hasattr(kind, "__metadata__")):
        return plausible(name, inner[0], valid)
    return {int: 1, float: 1.0, bool: True}.get(kind, "测试")
