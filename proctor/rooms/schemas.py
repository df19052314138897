"""Form of the room's rules; unknown fields are refused."""

from typing import Annotated

import msgspec

from proctor.analysis.thresholds import KINDS
from proctor.rooms.service import RoomRules

Seconds = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{0,3}\Z")]
"""Empty for the project's own, 0 for a kind that is not observed."""


class RoomRuleForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field for each kind of observation, and what the terminals ask for."""

    room: Annotated[str, msgspec.Meta(max_length=100)] = ""
    gone: Seconds = ""
    frozen: Seconds = ""
    dark: Seconds = ""
    moved: Seconds = ""
    no_face: Seconds = ""
    several_faces: Seconds = ""
    other_face: Seconds = ""
    asks_screen: bool = False
    asks_microphone: bool = False
    _csrf_token: str = ""

    def rules(self) -> RoomRules:
        """Return what was asked for."""
        own = {kind: getattr(self, kind) for kind in KINDS}
        return RoomRules(
            after_s={kind: int(seconds) for kind, seconds in own.items() if seconds},
            asks_screen=self.asks_screen,
            asks_microphone=self.asks_microphone,
        )


def form_of(room: str, rules: RoomRules) -> RoomRuleForm:
    """Return the form as a room's rules fill it."""
    own = {kind: str(seconds) for kind, seconds in rules.after_s.items()}
    return RoomRuleForm(room=room, asks_screen=rules.asks_screen, asks_microphone=rules.asks_microphone, **own)
