"""What can be wrong with practice and mock exams."""

from exam.core.errors import ConflictError, DomainError, NotFoundError


class PracticeUnansweredError(DomainError):
    """Nothing was chosen or written."""

    code = "practice_unanswered"
    message = "请先作答,再看答案。"


class PracticeModeError(DomainError):
    """The address asks for a way of practising that does not exist."""

    code = "practice_mode"
    message = "没有这种练习方式,请回到练习首页重新选择。"


class MockNotFoundError(NotFoundError):
    """No such mock exam, or somebody else's."""

    code = "mock_not_found"
    message = "没有找到这场模拟考试。"


class MockOpenError(ConflictError):
    """A mock that goes on shows neither keys nor marks."""

    code = "mock_open"
    message = "这场模拟考试还没有交卷,交卷后才能看答案。"
