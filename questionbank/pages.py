"""What every page of the bank shares: who may be here, the words of its lists, the qualification that is looked at."""

from typing import Any, Final

from litestar import Request
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.principal import Principal
from exam.standards.api import get_qualification, list_qualifications
from questionbank.interactions.registry import KIND_NAMES
from questionbank.items.listing import list_bank_qualifications
from questionbank.items.state import ACT_WORDS, STATE_WORDS, ItemAct
from questionbank.syllabus.models import SyllabusNode
from questionbank.syllabus.service import list_nodes
from questionbank.withdrawals.service import WithdrawalRule

AnyRequest = Request[Principal, str | None, Any]

MAKERS: Final = ("author", "reviewer", "publisher")
ROLE_ACTS: Final = (("author", ItemAct.SUBMITTED), ("reviewer", ItemAct.APPROVED), ("publisher", ItemAct.PUBLISHED))
"""What each of the three does with the items that wait for them."""

DONE: Final = {
    ItemAct.SUBMITTED: "已送审。",
    ItemAct.RETURNED: "已退回命题人。",
    ItemAct.APPROVED: "已审定,等待发布。",
    ItemAct.PUBLISHED: "已发布,可用于组卷。",
    ItemAct.RELEASED: "已公开练习,不再用于组卷。",
    ItemAct.RETIRED: "已停用,不再用于组卷。",
    ItemAct.FLAGGED: "已标记,等待逐题复核。",
    ItemAct.UPHELD: "已确认仍适用。",
}
"""Chinese message ids."""

FEATURE_WORDS: Final = {
    "feedback": "反馈",
    "picture": "题目以外的图片",
    "table": "题目以外的表格",
    "latex": "TeX 公式(按原文保留)",
    "mapping": "按答案给分(超出可保存的范围)",
    "equal": "数值的误差范围",
    "equalRounded": "按有效数字比较",
    "testfeedback": "测试反馈",
    "rubricblock": "说明文字",
    "precondition": "前提条件",
    "branchrule": "分支跳转",
    "outcomeProcessing": "测试计分规则",
    "timeLimits": "单节或单题限时",
    "selection": "抽题数",
    "selection of sections": "从各节中抽节",
    "selection of several kinds": "从多种题型中抽题,已按比例分到各格",
    "selection with replacement": "可重复抽题",
    "item missing": "文件中没有这道题",
    "item refused": "有试题未能读入",
    "too many sections": "超过 100 格",
    "weight": "权重",
}
"""What a QTI file may say that we cannot hold, by element or attribute, as Chinese message ids."""

WORDS: Final[dict[str, Any]] = {
    "kinds": {kind.value: name for kind, name in KIND_NAMES.items()},
    "states": {state.value: word for state, word in STATE_WORDS.items()},
    "acts": {act.value: word for act, word in ACT_WORDS.items()},
    "features": FEATURE_WORDS,
    "rules": {
        WithdrawalRule.FULL_CREDIT.value: "抽到本题的考生都得满分",
        WithdrawalRule.VOID.value: "本题不计分,其余题按比例折算到满分",
    },
}


def title_of(code: str) -> str:
    """Return the Chinese title of a qualification, a msgid."""
    return get_qualification(code).title


def bank_roles(principal: Principal) -> frozenset[str]:
    """Return which of the three makers' roles the principal holds."""
    return frozenset(role for role in MAKERS if principal.has_role(role))


def writes_here(principal: Principal, root: str) -> bool:
    """Tell whether the principal's grants reach the bank's region; others may look only."""
    return any(grant.role in MAKERS and grant.covers(root) for grant in principal.grants)


async def qualification_choices(session: AsyncSession) -> list[tuple[str, str]]:
    """Return (code, title) of the qualifications that have items."""
    return [(code, title_of(code)) for code in await list_bank_qualifications(session)]


def all_qualifications() -> list[tuple[str, str]]:
    """Return (code, title) of everything that people are examined for."""
    return [(one.code, one.title) for one in list_qualifications()]


async def node_choices(session: AsyncSession, qualification: str) -> list[tuple[str, str]]:
    """Return (code, code and title) of the syllabus in force, children indented."""
    nodes = await list_nodes(session, qualification) if qualification else []
    return [(node.code, _indented(node)) for node in nodes]


def _indented(node: SyllabusNode) -> str:
    return "\u3000" * node.code.count(".") + f"{node.code} {node.title}"
