"""What forms, queries and the API of the base of enterprises may say."""

from typing import Annotated, Literal

from litestar.params import QueryParameter
from msgspec import Meta, Struct

from exam.web.forms import Form

Words = Annotated[str, QueryParameter(max_length=60)]
Standing = Literal["standing", "gone"]
"""在业 or 已注销."""
YesNo = Literal["", "yes", "no"]
Covered = Literal["", "missing", "ending", "full", "nobody"]
"""缺证, 90 日内到期, 持证齐全, 未登记人员."""
Cell = Annotated[str, Meta(max_length=400)]


class ImportForm(Form, frozen=True, kw_only=True):
    """The file that was tried and may happen now."""

    file: Annotated[str, Meta(max_length=64)] = ""


class DeregisterForm(Form, frozen=True, kw_only=True):
    """That an enterprise is no more; nothing else is asked."""


class EnterpriseIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One enterprise by the API: texts as in the workbook; what is empty or left out changes nothing."""

    uscc: Cell
    name: Cell
    region: Cell = ""
    industry: Cell = ""
    division: Cell = ""
    size: Cell = ""
    high_risk: Cell = ""
    in_charge: Cell = ""
    safety_head: Cell = ""
    address: Cell = ""
    contact: Cell = ""
    state: Cell = ""


class EnterprisesIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several enterprises; nothing is written on a dry run."""

    enterprises: list[EnterpriseIn]
    dry_run: bool = True


class RowOut(Struct, frozen=True, kw_only=True):
    """What became of one enterprise, or would: `act` is empty where it was refused, `number` counts from 1."""

    number: int
    uscc: str
    act: str
    changed: list[str]
    code: str
    message: str


class MergedOut(Struct, frozen=True, kw_only=True):
    """The verdict on all of them."""

    accepted: int
    refused: int
    written: bool
    rows: list[RowOut]
