"""What can go wrong between a plan and a seat."""

from typing import ClassVar
from uuid import UUID

from exam.core.errors import ConflictError, DomainError, Kind, NotFoundError
from exam.sitting.eligibility import Decision, reason_texts


class NotEligibleError(ConflictError):
    """The rules refuse the registration; `reasons` say why, each with code, message and basis."""

    code = "not_eligible"
    message = "不符合报名条件,未分配座位。"

    def __init__(self, person_id: UUID, name: str, decision: Decision) -> None:
        super().__init__(reasons=reason_texts(decision.reasons))
        self.person_id = person_id
        self.name = name
        self.decision = decision


class PlanTitleError(DomainError):
    """No title, or a longer one than a notice prints."""

    code = "plan_title"
    message = "请填写考试计划名称(不超过 100 字)。"


class SittingTimesError(DomainError):
    """The times do not make a sitting."""

    code = "sitting_times"
    message = "最晚入场时间应晚于开考时间,且不能早于现在。"


class RoomsError(DomainError):
    """No rooms, two of one name, or an impossible number of seats."""

    code = "rooms"
    message = "请至少填写一个考场;考场名称不能重复,每个考场 1 至 500 个座位。"


class NotACentreError(DomainError):
    """The organisation is no exam centre."""

    code = "not_a_centre"
    message = "所选机构不是考点。"


class SittingNotFoundError(NotFoundError):
    """No such sitting in the scope."""

    code = "sitting_not_found"
    message = "没有找到这个场次,可能不在您的辖区内。"


class RegistrationNotFoundError(NotFoundError):
    """No such registration in the scope."""

    code = "registration_not_found"
    message = "没有找到这条报名记录,可能不在您的辖区内。"


class RegistrationOverError(ConflictError):
    """The sitting is closed or its last moment to start has passed."""

    code = "registration_over"
    message = "本场次已截止报名。"


class SittingFullError(ConflictError):
    """Every seat of every room is taken."""

    code = "sitting_full"
    message = "本场次 {seats} 个座位已报满,请选择其他场次。"


class SittingStateError(ConflictError):
    """The sitting's state does not allow the act."""

    code = "sitting_state"
    message = "场次当前状态不允许这项操作,请刷新后再看。"


class AttemptsOpenError(ConflictError):
    """Somebody is still at work in the sitting."""

    code = "attempts_open"
    message = "还有 {open} 名考生未交卷,不能结束本场次。"


class FormsMissingError(ConflictError):
    """The sitting cannot open before its forms are sealed."""

    code = "forms_missing"
    message = "试卷尚未生成,请先点“生成试卷”并等待完成。"


class EnterpriseUnknownError(NotFoundError):
    """No enterprise has this unified code; it is registered first."""

    kind: ClassVar[Kind] = Kind.INVALID
    code = "enterprise_unknown"
    message = "统一社会信用代码 {uscc} 尚未登记,请先登记该企业。"


class EnterpriseDeregisteredError(ConflictError):
    """The enterprise has been deregistered."""

    code = "enterprise_deregistered"
    message = "企业“{name}”已注销,不能作为报名单位。"


class EnterpriseExistsError(ConflictError):
    """The unified code is registered, here or in another region."""

    code = "enterprise_exists"
    message = "该统一社会信用代码已登记为“{name}”,可直接用于报名。"


class EnterpriseFormError(DomainError):
    """A name or an industry is missing."""

    code = "enterprise_form"
    message = "请填写企业名称和所属行业。"


class PhotoFormatError(DomainError):
    """Neither JPEG nor PNG by its first bytes."""

    code = "photo_format"
    message = "照片只接受 JPG 或 PNG 格式。"


class PhotoSizeError(DomainError):
    """More bytes than a portrait needs."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code = "photo_size"
    message = "照片不能超过 {limit_mb} MB。"


class PhotoDamagedError(DomainError):
    """The bytes do not decode, or the picture is far too small or too large."""

    code = "photo_damaged"
    message = "照片无法读取,或尺寸不在 {least}×{least} 至 {most} 万像素之间,请重新拍摄。"


class BatchColumnsError(DomainError):
    """No sheet has the headings."""

    code = "batch_columns"
    message = "表格里没有找到“姓名”和“证件号码”两列,请使用模板。"


class BatchEmptyError(DomainError):
    """No file was chosen, or no row stands under the headings."""

    code = "batch_empty"
    message = "表格里没有考生,请检查后再上传。"


class BatchTooLongError(DomainError):
    """More rows than one request can do."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code = "batch_too_long"
    message = "表格有 {rows} 行,一次最多 {limit} 行,请拆分后上传。"
