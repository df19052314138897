"""A sitting whose answers in words wait for their markers; one of them has a first mark already."""

import asyncio
import re
from itertools import cycle
from random import Random

from exam.cli.simulation.knowledge import Knowledge
from exam.cli.simulation.run import Order, Simulation
from exam.cli.simulation.schemas import Slot
from exam.cli.simulation.staff import StaffRoom
from exam.web.i18n import set_in_chinese

QUALIFICATION, TITLE, SEED = "principal.general", "一般生产经营单位主要负责人考核(含简答题)", 5203
ANSWERS = (
    (
        "一是落实全员安全生产责任制,搞好标准化;二是组织制定规章制度和操作规程;三是组织制定并实施培训计划;"
        "四是保证安全投入;五是落实风险分级管控和隐患排查治理;六是制定应急预案并组织演练;七是及时如实报告事故。"
    ),
    "主要负责人要管安全,定制度,给钱买防护用品,经常到现场检查隐患,出了事故马上上报。",
    "要遵守安全生产法,安全第一,预防为主,综合治理。",
)
FIRST_MARK = {"marks": "38", "note": set_in_chinese("七项要点齐全,第六项应写明组织制定。")}
PATIENCE_S = 30


class Writer(Knowledge):
    """Candidates who guess what they can tick, and write one after the other the prepared answers."""

    def __init__(self) -> None:
        self._right = {}
        self._texts = cycle(map(set_in_chinese, ANSWERS))

    def answer(self, slot: Slot, ability: float, random: Random) -> list[str] | str:
        if slot.interaction == "extended_text":
            return next(self._texts)
        return super().answer(slot, ability, random)


async def sit_in_words(base_url: str, staff: StaffRoom, uscc: str) -> None:
    """Let as many candidates as there are answers sit, up to the close."""
    order = Order(
        url=base_url,
        candidates=len(ANSWERS),
        qualification=QUALIFICATION,
        title=set_in_chinese(TITLE),
        uscc=uscc,
        seed=SEED,
        marked=True,
    )
    await Simulation(order, staff, lambda _what, _done, _total: None, Writer()).run()


async def give_first_mark(staff: StaffRoom) -> None:
    """Let one assessor mark the first answer, once the worker has called for marks."""
    wire = await staff.wire("assessor")
    for _ in range(PATIENCE_S):
        found = re.search("/assess/answers/[0-9a-f-]{36}", await wire.get("/assess/answers"))
        if found:
            await wire.send_form(found[0], FIRST_MARK)
            return
        await asyncio.sleep(1)
