"""Rules of observation as data: the project's own, and what a room changes in them."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

import msgspec

OTHER_FACE = "other_face"
KINDS = ("gone", "frozen", "dark", "moved", "no_face", "several_faces", OTHER_FACE)
"""What can be seen in a picture, in the order in which one makes the next untellable."""
CAMERA_KINDS = KINDS[:4]
"""What can be seen in the picture of a room's camera: who sits where is the seats' matter."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a condition must hold, and must have stopped holding, in seconds."""

    after_s: float
    clear_s: float


class Measures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of what is measured in one picture; the data file says what each one means."""

    dark_mean: float
    flat_deviation: float
    blurred_share: float
    still_share: float
    scene_likeness: float
    face_score: float
    face_distance: float


class TerminalRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of what a terminal tells of itself; the data file says what each one means."""

    away_ms: int
    again_s: int


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is observed and when; a kind without a rule is not observed."""

    rules: dict[str, Rule]
    terminal: TerminalRules
    measures: Measures

    def with_room(self, after_s: Mapping[str, int]) -> "Thresholds":
        """Return these with a room's own seconds for some kinds; 0 leaves a kind out."""
        rules = {
            kind: Rule(after_s.get(kind, rule.after_s), rule.clear_s)
            for kind, rule in self.rules.items()
            if after_s.get(kind) != 0
        }
        return Thresholds(rules, self.terminal, self.measures)

    def for_camera(self) -> "Thresholds":
        """Return what counts for a room's camera."""
        return Thresholds(
            {kind: self.rules[kind] for kind in CAMERA_KINDS if kind in self.rules}, self.terminal, self.measures
        )


@lru_cache(maxsize=1)
def thresholds() -> Thresholds:
    """Return the project's own."""
    raw = tomllib.loads((files("proctor.analysis") / "data" / "thresholds.toml").read_text(encoding="utf-8"))
    return msgspec.convert(raw, Thresholds)
