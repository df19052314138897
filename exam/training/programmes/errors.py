"""What can be wrong with a programme."""

from exam.core.errors import ConflictError, DomainError, NotFoundError


class NodeLineError(DomainError):
    """A line of a programme is not code, title and two numbers, or its code stands twice."""

    code = "node_line"
    message = "条目行应为“编码 名称 理论学时 实操学时”,编码不能重复:{line}"


class ProgrammeNotFoundError(NotFoundError):
    """No such programme."""

    code = "programme_not_found"
    message = "没有找到这个培训方案。"


class ProgrammeShortError(DomainError):
    """The nodes add up to less than the rules ask for."""

    code = "programme_short"
    message = "各条目共 {hours} 学时,规则要求至少 {needed} 学时。"


class ProgrammeStateError(ConflictError):
    """Only a draft can be put in force."""

    code = "programme_state"
    message = "只有草稿可以发布,请刷新后再看。"
