"""Forms of the record pages; unknown fields are refused."""

from typing import Annotated

import msgspec


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why somebody opens recordings."""

    reason: Annotated[str, msgspec.Meta(max_length=40)] = ""
    _csrf_token: str = ""


class Keeping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a sitting's recordings are kept past their time; empty where they need not be any more."""

    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""
    _csrf_token: str = ""
