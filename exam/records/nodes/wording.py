"""How batches are shown: words (msgids) and tone."""

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
WAYS = {"network": "网络", "file": "文件"}
DIFFERENCES = {
    "missing_above": ("上级没有", "bad"),
    "unknown_here": ("本级没有", "bad"),
    "changed": ("内容不同", "bad"),
    "state": ("办理状态不同", "warn"),
}


def fault_words(fault: str) -> tuple[str, str]:
    """Return the msgid of what a check found, and what it is about."""
    word, _, about = fault.partition(" ")
    return FAULTS.get(word, word), about
