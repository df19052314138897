"""Results in words; every text is a Chinese message id."""

from grading.changes import Action
from grading.verdict import Outcome
from grading.views import ResultView

OUTCOMES = {
    Outcome.PASSED.value: "合格",
    Outcome.FAILED.value: "不合格",
    Outcome.THEORY_PASSED_PRACTICAL_OUTSTANDING.value: "理论合格,待实操",
    Outcome.PRACTICAL_PASSED_THEORY_OUTSTANDING.value: "实操合格,待理论",
}

PARTS = {"theory": "理论", "practical": "实际操作"}

REASONS = {
    "scored": "首次评分",
    "assessed": "考评员评分",
    "regraded": "重评",
    "attempt_voided": "成绩取消",
}

ACTIONS = {
    Action.REKEY.value: "更正答案",
    Action.ACCEPT_ALSO.value: "增加正确答案",
    Action.FULL_CREDIT.value: "全员给分",
    Action.VOID.value: "试题作废",
}

ACTION_EFFECTS = {
    Action.REKEY.value: "只有新答案得分,按原答案得的分取消。",
    Action.ACCEPT_ALSO.value: "原答案和新答案都得分,没有人因此减分。",
    Action.FULL_CREDIT.value: "抽到本题的考生都得满分。",
    Action.VOID.value: "本题不计分,其余题按比例折算到满分。",
}

REGRADE_STATES = {"proposed": "待批准", "approved": "已批准", "rejected": "已否决"}

APPEAL_STATES = {"filed": "待答复", "upheld": "复核成立", "dismissed": "维持成绩不变"}

SHEET_STATES = {"recorded": "待复核", "confirmed": "已确认", "disputed": "待裁定", "settled": "已裁定"}


def outcome_text(result: ResultView) -> str:
    """Return what a told result means and what comes next, for the candidate."""
    if result.reason == "attempt_voided":
        return "本次考试成绩已取消。如有异议,可在规定期限内申请复核。"
    match Outcome(result.outcome):
        case Outcome.PASSED:
            return "恭喜,考试合格。证书办理后可在“我的”中查看。"
        case Outcome.THEORY_PASSED_PRACTICAL_OUTSTANDING:
            return "理论考试合格,请在有效期内参加实际操作考试。"
        case Outcome.PRACTICAL_PASSED_THEORY_OUTSTANDING:
            return "实际操作考试合格,还需理论考试合格。"
        case Outcome.FAILED:
            return "本次未达到合格分数。是否可以补考及次数,以报名时的规则为准。"
