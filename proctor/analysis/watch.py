"""From pictures of one seat to observations: what holds for how long, and when it is over.

Times are seconds since the epoch, given by the caller; nothing here reads a clock.
"""

from collections.abc import Iterable

import msgspec
import numpy as np
import numpy.typing as npt

from proctor.analysis.signals import Grey, Look, changed_share, likeness, look_at, rim_of
from proctor.analysis.thresholds import OTHER_FACE, Rule, Thresholds

GAP_S = 15.0
"""Without a picture for so long nothing is known: what was about to be observed starts anew."""
SETTLE_S = 60.0
"""A view that has stood still for so long after a move is the seat's new view."""
SAME_VIEW = 0.8
FOLLOW = 0.05
"""Share of the present rim that goes into the scene's, so that daylight may change."""


class Change(msgspec.Struct, frozen=True):
    """An observation begins or ends; `at` is when its condition did, not when that became certain."""

    kind: str
    begins: bool
    at: float
    facts: dict[str, float] = {}


class Hysteresis:
    """One condition in time; None means that nobody can tell now, which neither begins nor ends anything."""

    def __init__(self, rule: Rule, *, stands: bool = False) -> None:
        self.stands = stands
        self.rule = rule
        self._turning: float | None = None

    def update(self, at: float, holds: bool | None) -> float | None:  # noqa: FBT001  # three values, one meaning each
        """Take the condition as it is now; return since when it is otherwise than before, once that is certain."""
        if holds is None or holds is self.stands:
            self._turning = None
            return None
        if self._turning is None:
            self._turning = at
        if at - self._turning < (self.rule.clear_s if self.stands else self.rule.after_s):
            return None
        since, self._turning, self.stands = self._turning, None, not self.stands
        return since

    def end(self) -> bool:
        """Stop standing; return whether it stood."""
        stood, self.stands, self._turning = self.stands, False, None
        return stood


class Scene:
    """What a seat's camera usually shows: the rim of its view and its sharpness."""

    def __init__(self) -> None:
        self.sharpness = 0.0
        self._rim: npt.NDArray[np.float32] | None = None
        self._elsewhere: tuple[npt.NDArray[np.float32], float] | None = None

    def compare(self, look: Look, at: float) -> float | None:
        """Return how like the usual view a picture is, and learn from it; None while that cannot be told."""
        rim = rim_of(look.grey)
        if self._rim is None:
            self._rim, self.sharpness = rim, look.sharpness
            return None
        same = likeness(self._rim, rim)
        if same is None or same >= SAME_VIEW:
            self._rim = self._rim * (1 - FOLLOW) + rim * FOLLOW
            self.sharpness += (look.sharpness - self.sharpness) * FOLLOW
            self._elsewhere = None
            return same
        self._settle(rim, look, at)
        return same

    def _settle(self, rim: npt.NDArray[np.float32], look: Look, at: float) -> None:
        """Take a view that stays for the new one."""
        if self._elsewhere is None or (likeness(self._elsewhere[0], rim) or 0.0) < SAME_VIEW:
            self._elsewhere = (rim, at)
        elif at - self._elsewhere[1] >= SETTLE_S:
            self._rim, self.sharpness, self._elsewhere = rim, look.sharpness, None


class SeatWatch:
    """One seat; `standing` are kinds that were observed before this watch began."""

    def __init__(self, thresholds: Thresholds, standing: Iterable[str] = ()) -> None:
        already = set(standing)
        self._measures = thresholds.measures
        self._by_kind = {kind: Hysteresis(rule, stands=kind in already) for kind, rule in thresholds.rules.items()}
        self._scene = Scene()
        self._last: tuple[Grey, float] | None = None

    def follow(self, thresholds: Thresholds, at: float) -> list[Change]:
        """Go on under other rules; what is not observed any more ends."""
        unobserved = self._by_kind.keys() - thresholds.rules.keys()
        ended = [Change(kind, False, at) for kind in sorted(unobserved) if self._by_kind[kind].stands]
        before = self._by_kind
        self._by_kind = {kind: before.get(kind) or Hysteresis(rule) for kind, rule in thresholds.rules.items()}
        for kind, each in self._by_kind.items():
            each.rule = thresholds.rules[kind]
        return ended

    def picture(self, at: float, grey: Grey, faces: int | None, apart: float | None = None) -> list[Change]:
        """Take one picture, the number of faces in it and how far the one face is from the photo's; None is untold."""
        look = look_at(grey)
        if self._last is not None and at - self._last[1] > GAP_S:
            self._forget()
        holds = self._conditions(look, at, faces)
        self._last = (grey, at)
        facts = {"mean": round(look.mean, 1), "deviation": round(look.deviation, 1)}
        if faces is not None:
            facts["faces"] = faces
        if apart is not None:
            holds[OTHER_FACE] = apart > self._measures.face_distance
            facts["distance"] = round(apart, 2)
        return self._update(at, holds, facts)

    def silence(self, at: float, *, live: bool) -> list[Change]:
        """Take whether packets of the seat come in at all; without them nothing else can be told."""
        holds: dict[str, bool | None] = {"gone": not live}
        if not live:
            self._last = None
            holds |= {kind: None for kind in self._by_kind if kind != "gone"}
        return self._update(at, holds, {})

    def rest(self, at: float) -> list[Change]:
        """End everything: the candidate is not at work now, or the attempt is over."""
        self._last = None
        return [Change(kind, False, at) for kind, each in self._by_kind.items() if each.end()]

    def _conditions(self, look: Look, at: float, faces: int | None) -> dict[str, bool | None]:
        dark = self._is_dark(look)
        if dark:
            return {"dark": True, "frozen": None, "moved": None, "no_face": None, "several_faces": None}
        limits, same = self._measures, self._scene.compare(look, at)
        still = changed_share(self._last[0], look.grey) if self._last is not None else None
        return {
            "dark": False,
            # an empty seat stands still by nature: only where somebody is, nobody's moving tells of a still picture
            "frozen": None if still is None or faces == 0 else still < limits.still_share,
            "moved": None if same is None else same < limits.scene_likeness,
            "no_face": None if faces is None else faces == 0,
            "several_faces": None if faces is None else faces > 1,
        }

    def _is_dark(self, look: Look) -> bool:
        limits = self._measures
        blurred = look.sharpness < self._scene.sharpness * limits.blurred_share
        return look.mean < limits.dark_mean or look.deviation < limits.flat_deviation or blurred

    def _forget(self) -> None:
        """Let everything that was about to be observed start anew."""
        self._last = None
        for kind, each in self._by_kind.items():
            if kind != "gone":
                each.update(0.0, None)

    def _update(self, at: float, holds: dict[str, bool | None], facts: dict[str, float]) -> list[Change]:
        changes: list[Change] = []
        for kind, held in holds.items():
            each = self._by_kind.get(kind)
            since = each.update(at, held) if each is not None else None
            if each is not None and since is not None:
                changes.append(Change(kind, each.stands, since, facts if each.stands else {}))
        return changes
