"""How batches are shown: words (msgids) and tone."""

from collections.abc import Mapping

from certs.api import STATE_WORDS
from exam.records.names import title_of
from exam.records.nodes.checking import CHANGED, ORDER, REGION, SCHEMA, UNREADABLE
from exam.records.nodes.state import BatchState

SENT_STATES = {
    BatchState.SEALED: ("已封装、未送达", "info"),
    BatchState.ARRIVED: ("已送达、待上级核收", "info"),
    BatchState.ACCEPTED: ("上级已接收", "ok"),
    BatchState.RETURNED: ("上级退回、待更正", "bad"),
    BatchState.SUPERSEDED: ("已由更正批次取代", "off"),
}
ARRIVED_STATES = {
    BatchState.ARRIVED: ("待核收", "warn"),
    BatchState.ACCEPTING: ("正在入库", "info"),
    BatchState.ACCEPTED: ("已接收", "ok"),
    BatchState.RETURNED: ("已退回、待下级更正", "info"),
    BatchState.SUPERSEDED: ("已由更正批次取代", "off"),
}
FAULTS = {
    UNREADABLE: "报文无法读取",
    SCHEMA: "不符合报文规范",
    REGION: "不属于该下级的辖区",
    ORDER: "序号早于已收到的报文",
    CHANGED: "与已接收的同号报文内容不同",
}
TOLD = {
    "qualification": "资格",
    "part": "科目",
    "passed": "结果",
    "certificate_masked": "证书编号",
    "status": "状态",
    "valid_from_on": "有效期自",
    "valid_until_on": "有效期至",
    "issuer": "发证机关",
    "document_no": "文书号",
    "title": "事由",
    "decided_on": "决定日期",
    "publish_until_on": "公示到",
    "first_on": "统计期自",
    "last_on": "统计期至",
}
"""What a row says, by the codes of `exchange/data/kinds.toml`, for whoever accepts or returns it; in this order."""
_VALUES: dict[str, dict[object, str]] = {
    "part": {"theory": "理论", "practical": "实际操作"},
    "passed": {True: "合格", False: "不合格"},
    "status": dict(STATE_WORDS.items()),
}
WAYS = {"network": "网络", "file": "文件"}
DIFFERENCES = {
    "missing_above": ("上级没有", "bad"),
    "unknown_here": ("本级没有", "bad"),
    "changed": ("内容不同", "bad"),
    "state": ("办理状态不同", "warn"),
}


def told_of(data: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return what a row says, as titles and values; both are msgids where they are words of ours."""
    return [
        (title, title_of(str(value)) if code == "qualification" else _VALUES.get(code, {}).get(value, str(value)))
        for code, title in TOLD.items()
        if (value := data.get(code)) is not None
    ]


def fault_words(fault: str) -> tuple[str, str]:
    """Return the msgid of what a check found, and what it is about."""
    word, _, about = fault.partition(" ")
    return FAULTS.get(word, word), about
