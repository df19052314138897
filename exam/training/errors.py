"""What can be wrong with study hours."""

from typing import ClassVar

from exam.core.errors import ConflictError, DomainError, ForbiddenError, Kind, NotFoundError


class HoursOutOfRangeError(DomainError):
    """Zero, negative, or more than anyone can study for one qualification."""

    code = "hours_out_of_range"
    message = "学时应大于 0 且不超过 {limit}。"


class UnknownHoursKindError(DomainError):
    """No kind of training that the law knows."""

    code = "hours_kind"
    message = "学时类别应为初次培训、再培训或复审培训。"


class HoursSourceMissingError(DomainError):
    """Nobody stands for the hours."""

    code = "hours_source_missing"
    message = "请填写学时来源,例如培训机构和班次。"


class NobodyTrainedError(NotFoundError):
    """Nobody of this ID number is known."""

    code = "nobody_trained"
    message = "没有找到这个证件号码的学时记录,请核对号码。"


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


class ClassNotFiledError(ConflictError):
    """Attendance counts in classes only whose plan has been filed."""

    code = "class_not_filed"
    message = "这个班的计划还没有备案(或已退回),不能签到计时。"


class SignCodeError(ConflictError):
    """The code is not the one that the classroom shows now."""

    code = "sign_code"
    message = "二维码已过期,请重新扫描教室里的二维码。"


class SignTimeError(ConflictError):
    """Too early or too late to sign."""

    code = "sign_time"
    message = "现在不能签到:上课前 30 分钟至下课后 30 分钟之间可以签到、签退。"


class NotOnTheRollError(NotFoundError):
    """The person is not in this class."""

    code = "not_on_the_roll"
    message = "您不在这个班的名单里,请找任课教师核对。"


class SignPhotoError(DomainError):
    """The class asks for a photo at sign-in."""

    code = "sign_photo"
    message = "本班签到要求拍照,请拍一张本人照片。"


class RollConfirmedError(ConflictError):
    """The roll of a session is confirmed once."""

    code = "roll_confirmed"
    message = "本节课考勤已经确认,如有错误请走更正(两人办理)。"


class RollIncompleteError(DomainError):
    """Somebody of the class is missing on the roll."""

    code = "roll_incomplete"
    message = "名单有变化,请刷新后对每名学员逐一确认。"


class RollTimesError(DomainError):
    """Times outside the session, or a confirmation before its end or too long after it."""

    code = "roll_times"
    message = "到课、离课时间应在本节课之内;下课后 24 小时内确认考勤。"


class CorrectionOpenError(ConflictError):
    """A correction of this line waits for the second person."""

    code = "correction_open"
    message = "这名学员已有一项更正等待第二人处理。"


class CorrectionStateError(ConflictError):
    """The correction has been decided."""

    code = "correction_state"
    message = "这项更正已处理,请刷新后再看。"


class LessonTextError(DomainError):
    """The typed lesson cannot be read, or is too long."""

    code = "lesson_text"
    message = "课件正文有误:每节以“# 标题”开头并有正文,问题以“? ”开头,恰有一个“+ ”正确项:{line}"


class LessonNotFoundError(NotFoundError):
    """No such lesson for this body or learner."""

    code = "lesson_not_found"
    message = "没有找到这个课件。"


class LessonPlanError(DomainError):
    """No title, or a node that the programme in force does not have."""

    code = "lesson_plan"
    message = "请填写课件名称,并选择已发布培训方案中的条目。"


class LessonStateError(ConflictError):
    """Only a draft can be published, only a published lesson studied."""

    code = "lesson_state"
    message = "课件当前状态不允许这项操作,请刷新后再看。"


class StudyLeaseError(DomainError):
    """The page's lease was not made by this server."""

    kind: ClassVar[Kind] = Kind.UNAUTHENTICATED
    code = "study_lease"
    message = "学习凭证无效,请重新打开课件。"


class VisitNotFoundError(NotFoundError):
    """No such visit, or somebody else's."""

    code = "visit_not_found"
    message = "没有找到这次学习,请重新打开课件。"


class UnitLockedError(ConflictError):
    """The section before it has not been studied."""

    code = "unit_locked"
    message = "首次学习请按顺序学完前面的内容。"


class BeatFormError(DomainError):
    """The report is not what the page sends."""

    code = "beat_form"
    message = "学习报告格式有误,没有计时。"


class StudyTimeError(ConflictError):
    """Study counts while the class runs and its plan is filed."""

    code = "study_time"
    message = "培训班备案后,{first} 至 {last} 之间的在线学习才计学时。"


class CompletionNotFoundError(NotFoundError):
    """No such certificate of completed training, or none of the scope."""

    code = "completion_not_found"
    message = "没有找到这份培训合格证明。"


class CompletionExistsError(ConflictError):
    """The learner has one, signed or to be signed."""

    code = "completion_exists"
    message = "已经出具过培训合格证明。"


class CompletionEarlyError(ConflictError):
    """The class has not begun."""

    code = "completion_early"
    message = "培训班 {first} 才开课,现在还不能出具培训合格证明。"


class CompletionShortError(ConflictError):
    """Hours are missing, of the total or of single nodes."""

    code = "completion_short"
    message = "学时还差 {hours} 学时,不能出具培训合格证明。"


class CompletionStateError(ConflictError):
    """The worker has decided, or has not signed yet."""

    code = "completion_state"
    message = "这份证明的状态不允许这样做:签字后才能下载,签字或提出异议只有一次。"


class ObjectionMissingError(DomainError):
    """An objection without a word."""

    code = "objection_missing"
    message = "请写明哪里不对。"


class HoursClaimStateError(ConflictError):
    """The claim has been decided, or is none of this region."""

    code = "hours_claim_state"
    message = "这笔学时已经复核过,或者不在本辖区。请刷新后再看。"


class PersonElsewhereError(ConflictError):
    """The number belongs to somebody whom this region does not know."""

    code = "id_number_elsewhere"
    message = "此人是外辖区人员,不能在这里登记学时。请先在本辖区报名培训班或考试。"


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


class DayCapError(ConflictError):
    """The day's cap is reached."""

    code = "day_cap"
    message = "今天已计满 {hours} 学时,明天再继续学习。"
