"""What can go wrong with an incident."""

from exam.core.errors import ConflictError, DomainError, NotFoundError


class IncidentNotFoundError(NotFoundError):
    """No incident of the scope has this id."""

    code = "incident_not_found"


class IncidentTextError(DomainError):
    """A report, review, disposal or objection needs words, and not too many."""

    code = "incident_text"
    message = "请写明情况,1 至 {limit} 个字。"


class IncidentChoiceError(DomainError):
    """A category, finding or disposition that is none of ours."""

    code = "incident_choice"
    message = "请从列表中选择。"


class ObjectionFiledError(ConflictError):
    """The candidate has said what there was to say."""

    code = "objection_filed"
    message = "您已提交过异议,处理人员会看到。"
