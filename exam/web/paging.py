"""The page of a list, as an address asks for it."""

from typing import Annotated

from litestar.params import QueryParameter

Page = Annotated[int, QueryParameter(ge=1, le=10_000)]
"""Which page of a list, counted from 1."""
