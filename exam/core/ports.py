"""Ports: what a lower package may ask of an upper one, declared below and bound in the composition root (crossing rule 4)."""

from collections.abc import Iterable
from typing import Any, Generic, TypeVar, cast

import msgspec

T = TypeVar("T")


class Port(msgspec.Struct, Generic[T], frozen=True):
    """One question with a stable dotted name; `T` is the Protocol of whoever answers it."""

    name: str


class Binding(msgspec.Struct, frozen=True):
    """A port with its answerer; made by `bind`, which holds the two to one type."""

    port: Port[Any]
    answerer: object


def bind(port: Port[T], answerer: T) -> Binding:
    """Return the pair for `Ports`."""
    return Binding(port, answerer)


class Ports:
    """The bound ports of one process."""

    def __init__(self, bindings: Iterable[Binding] = ()) -> None:
        self._answerers = {binding.port.name: binding.answerer for binding in bindings}

    def __contains__(self, port: Port[Any]) -> bool:
        return port.name in self._answerers

    def get(self, port: Port[T]) -> T:
        """Return who answers; an unbound port is a fault of the composition and raises KeyError."""
        return cast("T", self._answerers[port.name])
