"""A workbook of questions brought in as an author does it: uploaded, looked at in the dry run, confirmed."""

import time
from random import Random
from typing import Final
from uuid import uuid4

from exam.cli.simulation.wire import Wire
from exam.core.sheets.writer import write_workbook

QUALIFICATION: Final = "special.1.2"
_TITLES: Final = ("题型", "题目", "选项A", "选项B", "选项C", "选项D", "答案", "知识点", "难度", "解析", "依据")
_THINGS: Final = [
    "验电器",
    "电焊机",
    "配电箱",
    "绝缘手套",
    "接地线",
    "登高板",
    "受限空间",
    "动火点",
    "吊装带",
    "脚手架",
    "临时电缆",
    "盲板",
    "气瓶",
    "安全带",
    "灭火器",
]
_WHEN: Final = [
    "使用前应当",
    "检修时必须",
    "验收时可以",
    "停用后不得",
    "运行中应当",
    "移动前必须",
    "安装时应当",
    "交接班时须",
    "雨后应当",
]
_WHAT: Final = [
    "检查外观和试验标志",
    "办理许可证并经审批",
    "由持证人员两人进行",
    "切断电源并上锁",
    "检测合格",
    "设专人监护",
    "清理可燃物",
    "挂牌警示",
    "记入台账",
    "通知相关岗位",
    "留存影像",
    "复核编号",
]


async def bring_in(wire: Wire, rows: int) -> dict[str, float]:
    """Return the seconds until the dry run of `rows` questions is told, until its page is there, and until all are written."""
    data, token = _workbook(rows), uuid4().hex
    times: dict[str, float] = {}
    before = time.perf_counter()
    told = await wire.call("POST", "/bank/import", *_upload(data, token))
    times["import_checked"] = time.perf_counter() - before
    before = time.perf_counter()
    await wire.get(told["location"])
    times["import_report"] = time.perf_counter() - before
    before = time.perf_counter()
    form = {"content-type": "application/x-www-form-urlencoded"}
    await wire.call("POST", f"{told['location']}/confirm", f"progress={token}".encode(), form)
    times["import_written"] = time.perf_counter() - before
    return times


def _workbook(rows: int) -> bytes:
    chance, lines = Random(rows), []
    for number in range(rows):
        said = [f"{chance.choice(_THINGS)}{chance.choice(_WHEN)}{chance.choice(_WHAT)}" for _ in range(7)]
        stem = f"第 {number} 号作业区{said[0]},同时{said[1]},随后( )"
        key, difficulty = "ABCD"[number % 4], str(10 + number % 80)
        options = [f"{letter}种做法:{text}" for letter, text in zip("甲乙丙丁", said[2:6], strict=True)]
        lines.append(["单选题", stem, *options, key, f"{1 + number % 5}", difficulty, said[6], "GB 30871-2022"])
    return write_workbook(list(_TITLES), lines, sheet="试题")


def _upload(data: bytes, token: str) -> tuple[bytes, dict[str, str]]:
    edge = uuid4().hex
    parts = [
        f'--{edge}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("qualification", QUALIFICATION), ("progress", token))
    ]
    file = f'--{edge}\r\ncontent-disposition: form-data; name="file"; filename="items.xlsx"\r\n\r\n'
    body = b"".join([*(part.encode() for part in parts), file.encode(), data, f"\r\n--{edge}--\r\n".encode()])
    return body, {"content-type": f"multipart/form-data; boundary={edge}"}
