"""What can be wrong with a training body and its venues."""

from exam.core.errors import ConflictError, DomainError, ForbiddenError, NotFoundError


class NotATrainingBodyError(DomainError):
    """The organisation examines or supervises: it may not train."""

    code = "not_a_training_body"
    message = "考点和监管机构不能作为培训机构(教考分离)。"


class BodyScopeError(DomainError):
    """No qualification, no basis, or an end that has passed."""

    code = "body_scope"
    message = "请至少选一个培训项目,写明依据,有效期应晚于今天。"


class BodyNotApprovedError(ForbiddenError):
    """The principal works for no approved training body."""

    code = "body_not_approved"
    message = "您所在的机构还没有登记为培训机构,请联系监管部门。"


class BodyScopeRefusedError(ConflictError):
    """The approval does not cover the class."""

    code = "body_scope_refused"
    message = "本机构的培训范围不包含该项目,或在结束日期前到期。"


class VenueError(DomainError):
    """A venue without name or address, of an impossible size, or a second one of the same name."""

    code = "venue"
    message = "请填写场地名称(不能重复)、地址和容纳人数(1 至 1000)。"


class VenueNotFoundError(NotFoundError):
    """No such venue of this body."""

    code = "venue_not_found"
    message = "没有找到这个培训场地。"
