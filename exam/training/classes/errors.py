"""What can be wrong with classes and with enrolling in them."""

from typing import ClassVar

from exam.core.errors import ConflictError, DomainError, Kind, NotFoundError


class ClassNotFoundError(NotFoundError):
    """No such class or session in the scope."""

    code = "class_not_found"
    message = "没有找到这个培训班,可能不在您的辖区内。"


class ClassPlanError(DomainError):
    """The input does not make a class or a session."""

    code = "class_plan"
    message = "请检查:项目要有已发布的培训方案,名称、日期(不早于今天)、人数、教师、条目都要填写正确。"


class ClassStateError(ConflictError):
    """The class's state does not allow the act."""

    code = "class_state"
    message = "培训班当前状态不允许这项操作,请刷新后再看。"


class PlanShortError(ConflictError):
    """The timetable does not cover the practice of a node, or does not begin in the future."""

    code = "plan_short"
    message = "不能备案:课程表应至少有一节课且第一节尚未开始,并排足实操学时。{node}"


class SessionTimesError(DomainError):
    """A session outside the class's days, over midnight, or begun."""

    code = "session_times"
    message = "课次应在 {first} 至 {last} 之内、同一天之内,开始时间晚于现在且早于结束时间。"


class SessionClashError(ConflictError):
    """A teacher, a venue or the class itself is taken at that time."""

    code = "session_clash"
    message = "该时段{what}已有其他课次,请换一个时间。"


class EnrolmentOverError(ConflictError):
    """The class takes nobody any more."""

    code = "enrolment_over"
    message = "该培训班已停止报名。"


class ClassFullError(ConflictError):
    """Every place is taken."""

    code = "class_full"
    message = "该培训班 {capacity} 个名额已满。"


class AlreadyEnrolledError(ConflictError):
    """The person is in a class of the same training."""

    code = "already_enrolled"
    message = "已在培训班“{title}”(至 {until})中,不能重复报名。"


class EnrolmentNotFoundError(NotFoundError):
    """No such learner in the scope, or not in the class any more."""

    code = "enrolment_not_found"
    message = "没有找到这名学员,或已离班。"


class TransferError(DomainError):
    """The other class is another training, or the same class."""

    code = "transfer"
    message = "只能转到本机构同一项目、同一类别的其他培训班。"


class SheetColumnsError(DomainError):
    """No sheet has the headings."""

    code = "sheet_columns"
    message = "表格里没有找到“姓名”和“证件号码”两列,请使用模板。"


class SheetEmptyError(DomainError):
    """No file was chosen, or no row stands under the headings."""

    code = "sheet_empty"
    message = "表格里没有学员,请检查后再上传。"


class SheetTooLongError(DomainError):
    """More rows than one request can do."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code = "sheet_too_long"
    message = "表格有 {rows} 行,一次最多 {limit} 行,请拆分后上传。"


class EnterpriseUnknownError(DomainError):
    """No enterprise of the region has this unified code."""

    code = "enterprise_unknown"
    message = "本辖区没有登记这个统一社会信用代码的企业。"
