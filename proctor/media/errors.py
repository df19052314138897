"""What can go wrong between a page that sends or shows video and the media node."""

from exam.core.errors import ConflictError, DomainError, ForbiddenError, Kind


class SdpInvalidError(DomainError):
    """The session description is not one that our pages make."""

    code = "sdp_invalid"
    message = "视频连接请求格式不正确({reason}),请刷新页面重试。"


class SdpTooLargeError(DomainError):
    """The session description is longer than any honest one."""

    kind = Kind.TOO_LARGE
    code = "sdp_too_large"
    message = "视频连接请求过大,已拒绝。"


class MediaTicketError(DomainError):
    """The ticket was not made by this system, has run out, was used before, or is for another connection."""

    kind = Kind.UNAUTHENTICATED
    code = "media_ticket"
    message = "视频连接凭证无效或已过期,请重新连接。"


class MediaUnavailableError(DomainError):
    """No media node answers now; the exam goes on without video."""

    kind = Kind.UNAVAILABLE
    code = "media_unavailable"
    message = "视频服务暂时不可用,考试不受影响,系统会自动重连。"


class MediaFullError(DomainError):
    """The node or the caller has as many connections as it may."""

    kind = Kind.TOO_MANY
    code = "media_full"
    message = "视频连接数已达上限,请关闭其他画面后重试。"


class NotInExamError(ConflictError):
    """The attempt has ended, or was never opened: there is nothing to show."""

    code = "not_in_exam"
    message = "该考生当前不在考试中。"


class ListeningReasonError(DomainError):
    """To listen to a seat needs one of its reasons."""

    code = "listening_reason"
    message = "请选择听现场声音的原因。"


class NotHeardError(ConflictError):
    """The candidate has not agreed to a text that speaks of listening."""

    code = "not_heard"
    message = "该考生没有同意听现场声音,不能听。"


class ListeningOverError(ForbiddenError):
    """Sound is asked for without a standing act of listening by the same account."""

    code = "listening_over"
    message = "听现场声音已结束,要再听请重新说明原因。"


class SourceUnknownError(DomainError):
    """A page asks for a picture that is none of the room's."""

    code = "source_unknown"
    message = "没有这个画面。"


class OriginError(ForbiddenError):
    """A page of another origin asks for video."""

    code = "cross_origin"
    message = "视频只能从本系统的页面打开。"


class ProbeTooLargeError(DomainError):
    """A terminal sends more for its line check than the check needs."""

    kind = Kind.TOO_LARGE
    code = "probe_too_large"
    message = "测速数据过大,已拒绝。"
