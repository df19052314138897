"""Bodies of the study-hour routes; unknown fields are refused."""

from typing import Annotated
from uuid import UUID

import msgspec

from exam.web.forms import Form

Text = Annotated[str, msgspec.Meta(max_length=200)]


class HoursIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Attested study of a person; hundredths of an hour, `kind` initial, continuing or review."""

    name: Text
    id_number: Text
    qualification: Text
    kind: Text
    hours_hundredths: int
    source: Text


class HoursOut(msgspec.Struct, frozen=True):
    """What the ledger holds for the person and qualification after the entry."""

    id: UUID
    person_id: UUID
    total_hundredths: int


class HoursForm(Form, frozen=True, kw_only=True):
    """The form as typed; hours as a decimal number."""

    name: Text = ""
    id_number: Text = ""
    qualification: Text = ""
    kind: Text = "initial"
    hours: Text = ""
    source: Text = ""


class LookUpForm(Form, frozen=True, kw_only=True):
    """Whose hours are asked for."""

    id_number: Text = ""
