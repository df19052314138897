"""Forms of the incident pages; unknown fields are refused."""

from typing import Annotated
from uuid import UUID

import msgspec

Text = Annotated[str, msgspec.Meta(max_length=4000)]


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a proctor saw; `observations` are ids parted by spaces."""

    category: Annotated[str, msgspec.Meta(max_length=40)] = ""
    summary: Text = ""
    observations: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    _csrf_token: str = ""

    def observation_ids(self) -> list[UUID]:
        return [UUID(each) for each in self.observations.split()]


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first reviewer's words."""

    finding: Annotated[str, msgspec.Meta(max_length=40)] = ""
    review: Text = ""
    _csrf_token: str = ""


class Disposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The second reviewer's decision."""

    disposition: Annotated[str, msgspec.Meta(max_length=40)] = ""
    decision: Text = ""
    _csrf_token: str = ""


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A candidate's objection."""

    text: Text = ""
    _csrf_token: str = ""
