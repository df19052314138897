"""What can go wrong between an answer and a result."""

from exam.core.errors import ConflictError, DomainError, ForbiddenError, NotFoundError


class SittingNotClosedError(ConflictError):
    """Results are released and regraded only after the sitting is closed."""

    code = "sitting_not_closed"
    message = "场次尚未结束,不能公布或重评成绩。"


class NotOwnSittingError(ForbiddenError):
    """The sitting belongs to another centre."""

    code = "not_own_sitting"
    message = "只有本场次的考点可以办理这一步。"


class ResultNotFoundError(NotFoundError):
    """No such result in the scope."""

    code = "result_not_found"
    message = "没有找到这条成绩。"


class RegradeNotFoundError(NotFoundError):
    """No such proposal in the scope."""

    code = "regrade_not_found"
    message = "没有找到这条重评方案。"


class RegradeDecidedError(ConflictError):
    """The proposal has been approved or rejected."""

    code = "regrade_decided"
    message = "这条重评方案已经办结。"


class RegradeEmptyError(DomainError):
    """No item or no reason was given."""

    code = "regrade_empty"
    message = "请选择要重评的试题,并写明理由。"


class RegradeActionError(DomainError):
    """Nobody has chosen what becomes of the item."""

    code = "regrade_action"
    message = "请选择这道试题怎样处理。"


class RegradeItemError(DomainError):
    """The item stands in no form of the sitting, or twice in the proposal."""

    code = "regrade_item"
    message = "试题不在本场次的试卷中,或重复列出。"


class RegradeKeyError(DomainError):
    """The new key does not fit the item."""

    code = "regrade_key"
    message = "新答案与题型不符:判断题和单选题选一项,多选题至少选两项,填空题填写文字,排序题按次序写出全部选项,匹配题和选词填空题每组写一个,如 1B。"


class WithdrawnUnsettledError(ConflictError):
    """The bank withdrew an item that candidates of the sitting were asked, and its rule has not been applied."""

    code = "withdrawn_unsettled"
    message = "题库撤下了本场的 {items} 道试题,须先按撤题规则重评并经另一位经办人批准,再公布成绩。"


class PracticalNotRequiredError(ConflictError):
    """The rule set asks for no practical part."""

    code = "practical_not_required"
    message = "该资格没有实际操作考试。"


class TheoryOutstandingError(ConflictError):
    """Theory comes first by the rule set, and no valid theory pass has been released."""

    code = "theory_outstanding"
    message = "理论考试尚未合格、成绩未公布或已过有效期,不能进行实操考试。({basis})"


class PracticalPassedError(ConflictError):
    """The practical part is passed already."""

    code = "practical_passed"
    message = "该考生的实操考试已经合格。"


class PracticalAttemptsUsedError(ConflictError):
    """The rule set's number of practical attempts is used up."""

    code = "practical_attempts_used"
    message = "实操考试次数已用完(共 {limit} 次)。({basis})"


class SheetOpenError(ConflictError):
    """A sheet of this registration still waits for its second or third assessor."""

    code = "sheet_open"
    message = "该考生有一份评分表尚待复核或裁定。"


class SheetNotFoundError(NotFoundError):
    """No such sheet in the scope."""

    code = "sheet_not_found"
    message = "没有找到这份评分表。"


class SheetStateError(ConflictError):
    """The sheet has been confirmed or settled, or is not in dispute."""

    code = "sheet_state"
    message = "评分表当前状态不允许这一步,请刷新后再看。"


class VetoUnknownError(DomainError):
    """No veto item has this code."""

    code = "veto_unknown"
    message = "否决项代码无效:{veto}"


class MarksFormatError(DomainError):
    """Marks are written as a number from 0 to 100 with at most two decimals."""

    code = "marks_format"
    message = "{station} 的分数应为 0 至 100 的数字,最多两位小数。"


class AppealNotFoundError(NotFoundError):
    """No such appeal in the scope."""

    code = "appeal_not_found"
    message = "没有找到这份复核申请。"


class AppealWindowError(ConflictError):
    """The result is not released, or the time to appeal is over."""

    code = "appeal_window"
    message = "成绩尚未公布,或已超过申请复核的期限({last_on})。"


class AppealFiledError(ConflictError):
    """One appeal per result version, and it is decided once."""

    code = "appeal_filed"
    message = "这条成绩已经申请过复核,或复核已经办结。"


class AppealTextError(DomainError):
    """Grounds or answer are missing or too long."""

    code = "appeal_text"
    message = "请写明理由(不超过 2000 字)。"


class AnswerNotFoundError(NotFoundError):
    """No such answer in the scope."""

    code = "answer_not_found"
    message = "没有找到这份简答题答卷。"


class AnswerMarkedError(ConflictError):
    """One assessor marks an answer once."""

    code = "answer_marked"
    message = "您已经评阅过这份答卷,须由另一位考评员评阅。"


class AnswerSettledError(ConflictError):
    """The marks of an answer are settled."""

    code = "answer_settled"
    message = "这份答卷的分数已经确定,请评阅下一份。"


class AnswerWithdrawnError(ConflictError):
    """The attempt of an answer counts for nothing."""

    code = "answer_withdrawn"
    message = "这名考生的本场考试已作废,不再评阅。"
