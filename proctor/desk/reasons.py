"""Reasons of the proctor's acts, as data: a code for the record, a sentence for the page and for the candidate."""

from proctor.incidents.taxonomy import taxonomy

REASONS: dict[str, tuple[tuple[str, str], ...]] = {
    "admit": (
        ("identity_confirmed", "本人、照片与证件一致"),
        ("manual_identity", "照片缺失或不清,已人工核验证件"),
    ),
    "transfer": (
        ("terminal_failed", "终端故障"),
        ("power_failed", "断电"),
        ("seat_changed", "调整座位"),
    ),
    "pause": (
        ("network_failed", "网络故障"),
        ("power_failed", "断电"),
        ("terminal_failed", "终端故障"),
        ("candidate_unwell", "考生身体不适"),
        ("room_disturbed", "考场受到干扰"),
    ),
    "resume": (("cause_removed", "原因已排除"),),
    "extend": (
        ("time_lost", "补回设备或网络故障耽误的时间"),
        ("special_need", "经批准的特殊需要"),
    ),
    "end": (
        ("candidate_left", "考生离场未交卷"),
        ("candidate_unwell", "考生身体不适,不能继续"),
        ("discipline", "违纪被责令离场"),
    ),
    "void": tuple((each.code, each.title) for each in taxonomy().values()),
    "listen": (
        ("voices", "核实是否有人交谈或提示"),
        ("unusual_sound", "核实异常声响"),
        ("room_disturbed", "核实考场是否受到干扰"),
        ("candidate_asked", "考生求助"),
    ),
    "message": (
        ("discipline", "考场纪律"),
        ("notice", "考务通知"),
        ("equipment", "设备与网络"),
        ("help", "回应求助"),
    ),
    "hold": (
        ("identity_doubt", "身份存疑"),
        ("incident_open", "有待处理的异常情况"),
    ),
}

ATTEMPT_DONE = {
    "bind": "座位 {seat} 的终端已绑定。",
    "admit": "座位 {seat} 的考生已核验入场。",
    "transfer": "座位 {seat} 已换机,请考生到新终端签到。",
    "pause": "座位 {seat} 已暂停。",
    "resume": "座位 {seat} 已恢复作答。",
    "extend": "座位 {seat} 已延长 {minutes} 分钟。",
    "end": "座位 {seat} 已收卷。",
    "void": "座位 {seat} 已上报作废,成绩暂缓发布,由第二人初审、第三人决定。",
    "hold": "座位 {seat} 的成绩已暂缓发布。",
    "listen": "正在听座位 {seat} 的声音,最多 5 分钟。",
    "hush": "已停止听座位 {seat} 的声音。",
    "message": "已给座位 {seat} 发送消息。",
    "lower-hand": "座位 {seat} 的举手已处理。",
}
"""What the page says once after an act on one candidate."""

ROOM_DONE = {
    "pause": "已暂停 {n} 人。",
    "resume": "已恢复 {n} 人。",
    "extend": "已给 {n} 人延长 {minutes} 分钟。",
    "message": "已给 {n} 人发送消息。",
}
"""What the page says once after an act on the whole room."""

CANNED_MESSAGES = (
    ("papers_on_desk", "notice", "请将证件放在桌面左上角。"),
    ("be_quiet", "discipline", "请保持安静,不要左顾右盼。"),
    ("sit_upright", "discipline", "请坐正,面向屏幕。"),
    ("proctor_comes", "help", "请等候,监考员马上到您的座位。"),
    ("quarter_hour_left", "notice", "距离考试结束还有 15 分钟。"),
)
"""Ready sentences by code, each with the reason for a message that it brings along."""


def require_reason(act: str, code: str) -> str:
    """Return the code if it is one of the act's reasons, else an empty text, which every act refuses."""
    return code if any(code == known for known, _ in REASONS[act]) else ""


ACT_OF = {
    "admitted": "admit",
    "transferred": "transfer",
    "paused": "pause",
    "resumed": "resume",
    "extended": "extend",
    "ended": "end",
    "voided": "void",
    "listened": "listen",
    "messaged": "message",
}
"""The act that each entry of an attempt's history is the outcome of."""

GIVEN = {
    "messaged": (
        ("incident_reported", "上报了异常事件,成绩暂缓发布,由另外两人核查;请继续作答"),
        ("incident_no_finding", "异常事件处理决定:不予认定"),
        ("incident_warning", "异常事件处理决定:警告"),
        ("incident_score_void", "异常事件处理决定:本次成绩无效"),
        ("incident_referred", "异常事件处理决定:移交主管部门"),
        ("incident_decided", "异常事件的处理决定"),
    ),
    "voided": (("discipline", "严重违纪"),),
}
"""Reasons that nobody chooses at the desk: what was done follows from another act, or was done before there were others."""


def reason_words(done: str, code: str) -> str:
    """Return the sentence behind the reason of something that was done, the code itself where it is none of ours."""
    return {known: words for each, known, words in told_reasons() if each == done}.get(code, code)


def told_reasons() -> list[tuple[str, str, str]]:
    """Return what was done, the code of a reason and its sentence, for every reason that a candidate may read."""
    return [
        (done, code, words) for done, act in ACT_OF.items() for code, words in (*REASONS[act], *GIVEN.get(done, ()))
    ]


def terminal_words() -> list[tuple[str, str, str]]:
    """Return what the terminal words in its own language: the reasons of what was done, and what is sent as a code."""
    ready = {code: words for code, _, words in CANNED_MESSAGES} | {
        each.code: each.title for each in taxonomy().values()
    }
    return [*told_reasons(), *(("ready", code, words) for code, words in ready.items())]


def said(text: str, ready: str) -> tuple[str, str]:
    """Return a message's text and code: of a ready sentence its source, else what was typed and no code."""
    words = {code: each for code, _, each in CANNED_MESSAGES}.get(ready)
    return (text, "") if words is None else (words, ready)
