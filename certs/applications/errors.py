"""What can be wrong with applications; their states have their error beside them."""

from exam.core.errors import ConflictError, DomainError, NotFoundError


class ApplicationNotFoundError(NotFoundError):
    """No such application in the scope."""

    code = "application_not_found"
    message = "没有找到这项申请,可能不在您的辖区内。"


class DuplicateApplicationError(ConflictError):
    """The same person's application for the same item is open."""

    code = "application_duplicate"
    message = "同一人同一项目已有一项 {on} 收到、尚未办结的申请,不能重复申请。"


class NothingChangesError(DomainError):
    """Neither another name nor another photo is given."""

    code = "nothing_changes"
    message = "姓名和照片都没有变化,不需要换发。"


class NotHeldError(ConflictError):
    """The credential does not count any more, or is suspended: there is nothing to renew or to change."""

    code = "credential_not_held"
    message = "证书已不在有效状态,不能换证或换发。"


class RenewalClosedError(ConflictError):
    """The window for renewal is not open, or the rules state none."""

    code = "renewal_closed"
    message = "换证申请期还没有开始,或者规则没有载明申请期。"


class RenewalNeedsExamError(ConflictError):
    """No rule states that training alone renews a credential of this kind."""

    code = "renewal_needs_exam"
    message = "规则没有载明凭学时换证,请报名参加考试,合格后换发新证。"


class RenewalHoursShortError(ConflictError):
    """The training of the term is not recorded in full."""

    code = "renewal_hours_short"
    message = "本期再培训已登记 {done} 学时,规则要求 {needed} 学时。"


class BarredError(ConflictError):
    """The person may not apply."""

    code = "barred"
    message = "在 {until} 之前(含当日)不得申请,依据:{basis}。"


class PersonActsTwiceError(ConflictError):
    """Who filed an application for somebody does not decide it as well."""

    code = "application_same_person"
    message = "代为提交申请的人员不能自己批准,须由另一位监管人员办理。"
