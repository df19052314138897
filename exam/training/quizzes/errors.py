"""What can be wrong with quizzes."""

from exam.core.errors import ConflictError, DomainError


class QuizPlanError(DomainError):
    """Not enough items of the node are open for practice, or a number is out of range."""

    code = "quiz_plan"
    message = "这个条目公开的练习题有 {items} 道。题数应为 3 至 50 且不超过它,合格线 1 至 100%,学习时间 1 至 120 分钟。"


class QuizClosedError(ConflictError):
    """The lesson is open elsewhere, or was closed: answers would be given while nothing counts."""

    code = "quiz_closed"
    message = "本页的测验已经关闭,请回到“我的培训”重新打开。"
