"""How states and outcomes of the exchange are shown: words (msgids) and tone."""

from exam.records.exchange.state import MessageState, NeighbourState

STATES = {
    NeighbourState.PROPOSED: ("待批准", "warn"),
    NeighbourState.ACTIVE: ("对接中", "ok"),
    NeighbourState.RETURNED: ("已退回", "off"),
    NeighbourState.CLOSED: ("已停止", "off"),
}
MESSAGE_STATES = {
    MessageState.WAITING: ("待送达", "info"),
    MessageState.DELIVERED: ("已送达", "ok"),
    MessageState.DEAD: ("死信", "bad"),
    MessageState.SET_ASIDE: ("已搁置", "off"),
}
OUTCOMES = {
    "accepted": ("对方已接收", "ok"),
    "refused": ("对方拒收", "bad"),
    "unreachable": ("连接不上", "warn"),
    "forbidden": ("地址不允许", "bad"),
    "fetched": ("对方已取走", "ok"),
}
DIFFERENCES = {
    "missing_above": ("上级没有", "bad"),
    "unknown_here": ("本级没有", "bad"),
    "changed": ("内容不同", "bad"),
}
