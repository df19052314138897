"""Form of the camera page; unknown fields are refused."""

from typing import Annotated

import msgspec


class CameraForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A camera to be checked and registered."""

    room: Annotated[str, msgspec.Meta(max_length=100)] = ""
    name: Annotated[str, msgspec.Meta(max_length=100)] = ""
    url: Annotated[str, msgspec.Meta(max_length=500)] = ""
    _csrf_token: str = ""
