"""Bodies of requests, made from the structs that decode them: the least that decodes."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from msgspec import inspect

NOBODY = UUID("0197a2b4-0000-7000-8000-000000000000")


def least(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the required fields of a struct with the least values that it takes, by their names on the wire."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return {field.encode_name: _value(field.type) for field in info.fields if field.required}


def _value(kind: Any) -> Any:
    make = LEAST.get(type(kind))
    if make is None:
        message = f"no least value is known for {kind}"
        raise NotImplementedError(message)
    return make(kind)


def _text(kind: Any) -> str:
    text = "A" * (kind.min_length or 1)
    return next(each for each in (text, "1", "urn:x") if kind.pattern is None or re.search(kind.pattern, each))


def _number(kind: Any) -> Any:
    return 1 if kind.ge is None else kind.ge


def _several(kind: Any) -> list[Any]:
    return [_value(kind.item_type)] * (kind.min_length or 0)


def _either(kind: Any) -> Any:
    """Prefer text: a form sends nothing at all for an empty list."""
    return _value(next((each for each in kind.types if isinstance(each, inspect.StrType)), kind.types[0]))


LEAST: dict[type[inspect.Type], Callable[[Any], Any]] = {
    inspect.NoneType: lambda _: None,
    inspect.AnyType: lambda _: "x",
    inspect.BoolType: lambda _: True,
    inspect.BytesType: lambda _: "",
    inspect.DateTimeType: lambda _: "2026-11-23T01:00:00Z",
    inspect.UUIDType: lambda _: str(NOBODY),
    inspect.StrType: _text,
    inspect.IntType: _number,
    inspect.FloatType: _number,
    inspect.LiteralType: lambda kind: kind.values[0],
    inspect.EnumType: lambda kind: next(iter(kind.cls)).value,
    inspect.ListType: _several,
    inspect.VarTupleType: _several,
    inspect.DictType: lambda _: {},
    inspect.UnionType: _either,
    inspect.StructType: lambda kind: least(kind.cls),
}


def nested_structs(kind: type[msgspec.Struct]) -> set[type[msgspec.Struct]]:
    """Return a struct and every struct that may stand in it."""
    found: set[type[msgspec.Struct]] = set()

    def walk(part: Any) -> None:
        if isinstance(part, inspect.StructType):
            if part.cls in found:
                return
            found.add(part.cls)
        for name in getattr(part, "__struct_fields__", ()):
            value = getattr(part, name)
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, inspect.Type):
                    walk(each)
                elif isinstance(each, inspect.Field):
                    walk(each.type)

    walk(inspect.type_info(kind))
    return found
