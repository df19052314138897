"""One thread writes for all recorders of a node: in order, each its own, and a failure of one is its alone."""

import asyncio

import pytest

from proctor.media import scribe as module
from proctor.media.scribe import Scribe


class Pen:
    """Writes words into a list; the word "full" fails."""

    def __init__(self, *words: str) -> None:
        self.words = list(words)
        self.written: list[str] = []
        self.handed: list[str] = []
        self.abandoned = 0
        self.told = asyncio.Event()

    def waiting(self) -> list[str]:
        words, self.words = self.words, []
        return words

    def write(self, batch: list[str]) -> list[str]:
        if "full" in batch:
            raise OSError(28, "no space left")
        self.written += batch
        return [word for word in batch if word == "end"]

    def finish(self, batch: list[str]) -> list[str]:
        return [*self.write(batch), "last"]

    def hand_over(self, files: list[str]) -> None:
        self.handed += files
        self.told.set()

    def abandon(self) -> None:
        self.abandoned += 1
        self.told.set()


async def test_who_has_joined_is_written_and_a_failure_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GATHER_S", 0.0)
    scribe, good, full, strange = Scribe(), Pen("a", "end"), Pen("full"), Pen("never")
    scribe.join(full)
    scribe.join(good)
    running = asyncio.create_task(scribe.run())
    await asyncio.gather(good.told.wait(), full.told.wait())
    good.words, full.words = ["b"], ["c"]
    await scribe.leave(good)
    await scribe.leave(full)
    await scribe.leave(strange)
    running.cancel()
    scribe.close()
    assert (good.written, good.handed, good.abandoned) == (["a", "end", "b"], ["end", "last"], 0)
    assert (full.written, full.handed, full.abandoned) == (["c"], ["last"], 1)
    assert strange.words == ["never"]
