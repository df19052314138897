"""What a candidate agrees to, as data: every version that was ever shown, word for word."""

import tomllib
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files

import msgspec

from exam.core.errors import DomainError


class ConsentVersionError(DomainError):
    """A consent names a text that was never shown."""

    code = "consent_version"
    message = "同意说明的版本有误,请刷新页面。"


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that is told; both are msgids until they are shown."""

    title: str
    text: str


class ConsentText(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One version of the text, in the order in which it is shown; `compares` and `hears` where it tells of that."""

    version: str
    point: list[Point]
    compares: bool = False
    """Faces with the check-in photo."""
    hears: bool = False
    """A proctor who asks for it, the sound of the seat."""

    def shown(self, translate: Callable[[str], str], *, centre: str, years: int) -> list[Point]:
        """Return the points in a reader's language, for a sitting of this centre under a rule of so many years."""
        return [
            Point(translate(each.title), translate(each.text).format(centre=centre, years=years)) for each in self.point
        ]


@lru_cache(maxsize=1)
def consent_texts() -> dict[str, ConsentText]:
    """Return every version by its name, the present one last."""
    raw = tomllib.loads((files("proctor.media") / "data" / "consent.toml").read_text(encoding="utf-8"))
    return {each.version: each for each in msgspec.convert(raw["text"], list[ConsentText])}


def current_text() -> ConsentText:
    """Return the version that is shown now."""
    return list(consent_texts().values())[-1]


def require_known(version: str) -> None:
    """Require that a version was shown at some time; raises ConsentVersionError."""
    if version not in consent_texts():
        raise ConsentVersionError
