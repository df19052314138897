"""What states and evidence are called, as msgids."""

from collections.abc import Mapping

from exam.records.credit.clues import ClueView, EvidenceView
from exam.records.credit.register import Publicity
from exam.records.credit.state import ClueState
from exam.records.names import ROLES, title_of
from proctor.api import DISPOSITION_WORDS, taxonomy

STATES: Mapping[str, tuple[str, str, str]] = {
    ClueState.FOUND: ("待核查", "warn", "search"),
    ClueState.DISMISSED: ("核查后不成立", "off", "minus"),
    ClueState.NOTICED: ("已告知、待陈述申辩", "info", "clock"),
    ClueState.HEARD: ("待拟决定", "warn", "edit"),
    ClueState.DRAFTED: ("决定待复核", "warn", "users"),
    ClueState.DECIDED: ("已作出处罚决定", "bad", "gavel"),
    ClueState.CLOSED: ("不予处罚", "off", "circle-check"),
}
"""Word, tone and icon of each state."""
STEPS: Mapping[str, str] = {
    "clue.dismissed": "核查后不成立",
    "clue.noticed": "告知",
    "clue.answered": "陈述申辩",
    "clue.waived": "不作陈述申辩",
    "decision.drafted": "登记决定",
    "decision.returned": "决定退回重拟",
    "decision.confirmed": "决定复核生效",
}
"""What each step is called."""


PUBLICITY: Mapping[str, tuple[str, str, str]] = {
    Publicity.PUBLISHED: ("公示中", "warn", "eye"),
    Publicity.UNPUBLISHED: ("不公示", "off", "eye-off"),
    Publicity.EXPIRED: ("公示期满", "off", "calendar"),
    Publicity.REPAIRED: ("已修复", "ok", "circle-check"),
    Publicity.WITHDRAWN: ("已撤回", "off", "x"),
}
"""What the publication of a record is called."""
REQUESTS: Mapping[str, tuple[str, str, str]] = {
    "objection": ("异议", "异议成立,撤回记录", "异议不成立"),
    "repair": ("修复申请", "准予修复", "不予修复"),
}
"""What a request is called, and its two answers."""
READERS: Mapping[str, str] = {
    "regulator": "主管部门",
    "enterprise": "企业本身",
    "centre": "培训机构本身",
    "candidate": "本人",
    "export": "导出报送",
}
"""As whom somebody has read a record."""


def evidence_page(evidence: EvidenceView, clue: ClueView) -> str:
    """Return the address at which the authority finds what a piece of evidence names, or an empty text."""
    match evidence.kind:
        case "engagement":
            return f"/regulator/enterprises/{clue.organisation_id}?region={clue.region}"
        case "attendance" if "class_id" in evidence.facts:
            return f"/regulator/training/classes/{evidence.facts['class_id']}"
        case "incident":
            return f"/proctor/incidents/{evidence.subject_id}"
        case "credential":
            return f"/centre/credentials/{evidence.subject_id}"
        case _:
            return ""


def evidence_words(evidence: EvidenceView) -> tuple[str, dict[str, str]]:
    """Return a sentence about a piece of evidence, as a msgid, and the msgids to fill in."""
    facts = evidence.facts
    match evidence.kind:
        case "engagement" if "due" in facts:
            return "{role},{since} 到岗,应于 {due} 前考核合格,{on} 仍无有效证书", {
                **facts,
                "role": ROLES[facts["role"]],
            }
        case "engagement":
            return "{role},{since} 到岗,{on} 没有有效证书", {**facts, "role": ROLES[facts["role"]]}
        case "attendance":
            return "在“{class}”和“{other}”({other_body})的考勤时间重叠", facts
        case "incident":
            disposed = DISPOSITION_WORDS[facts["disposition"]]
            return "{category},经三人认定:{disposition}", {
                **facts,
                "category": taxonomy()[facts["category"]].title,
                "disposition": disposed,
            }
        case _:
            return "{qualification}证书经两人认定以欺骗、贿赂取得,已撤销", {
                "qualification": title_of(facts["qualification"])
            }
