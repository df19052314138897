"""What can be wrong with lessons and with studying them."""

from typing import ClassVar

from exam.core.errors import ConflictError, DomainError, Kind, NotFoundError


class LessonTextError(DomainError):
    """The typed lesson cannot be read, or is too long."""

    code = "lesson_text"
    message = "课件正文有误:每节以“# 标题”开头并有正文,问题以“? ”开头,恰有一个“+ ”正确项:{line}"


class FigureError(DomainError):
    """A figure's line has no caption, or names no page of the chosen PDF."""

    code = "lesson_figure"
    message = "插图有误:先选一份 PDF,再写“! 页码 图注”,页码在 PDF 之内:{line}"


class SyncPointError(DomainError):
    """A line of sync points cannot be read, or names no page or a time beyond the film's end."""

    code = "sync_point"
    message = "翻页时间有误:每行一个“分:秒 页码”,时间由早到晚、不超过视频长度,页码在幻灯片之内:{line}"


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


class DayCapError(ConflictError):
    """The day's cap is reached."""

    code = "day_cap"
    message = "今天已计满 {hours} 学时,明天再继续学习。"
