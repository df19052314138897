"""Subtitles as people have them, WebVTT or SubRip, read strictly and written as plain WebVTT; pure."""

import re
from collections.abc import Iterator
from typing import Final

from exam.training.materials.errors import SubtitleError

MOST_BYTES: Final = 1024 * 1024
_STAMP: Final = r"(?:(\d{1,2}):)?(\d{2}):(\d{2})[.,](\d{3})"
_TIMES: Final = re.compile(rf"{_STAMP}\s+-->\s+{_STAMP}(?:\s.*)?")
_TAG: Final = re.compile(r"<[^>]*>|[<>]")
_SKIPPED: Final = ("NOTE", "STYLE", "REGION")


def read_subtitles(data: bytes) -> str:
    """Return WebVTT with the cues' times and words alone: no styles, no markup.

    Raises SubtitleError with the line that cannot be read; line 0 is the file as a whole.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SubtitleError(line=0) from None
    cues = list(_cues(text.splitlines())) if len(data) <= MOST_BYTES else []
    if not cues:
        raise SubtitleError(line=0)
    return "WEBVTT\n\n" + "\n".join(cues)


def _cues(lines: list[str]) -> Iterator[str]:
    for first, block in _blocks(lines):
        if block[0].startswith(_SKIPPED) or (first == 1 and block[0].startswith("WEBVTT")):
            continue
        named = "-->" not in block[0] and len(block) > 1  # by a number, or a word
        place = 1 if named else 0
        match = _TIMES.fullmatch(block[place].strip())
        if match is None:
            raise SubtitleError(line=first + place)
        start, end = _ms(match.groups()[:4]), _ms(match.groups()[4:])
        words = [_TAG.sub("", line).strip() for line in block[place + 1 :]]
        if start >= end:
            raise SubtitleError(line=first + place)
        if any(words):
            yield f"{_stamp(start)} --> {_stamp(end)}\n" + "\n".join(word for word in words if word) + "\n"


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Give the number of each block's first line and its lines; empty lines part them."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _ms(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, rest = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest


def _stamp(instant_ms: int) -> str:
    seconds, rest = divmod(instant_ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
