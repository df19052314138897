"""What can go wrong at a terminal and in a room."""

from exam.core.errors import ConflictError, DomainError, ForbiddenError, Kind


class TicketUnknownError(DomainError):
    """No registration has this ticket."""

    code = "ticket_unknown"
    message = "没有找到这张准考证,请核对后重新扫描或输入。"


class IdMismatchError(DomainError):
    """The ID number is not the one on the ticket's registration."""

    code = "id_mismatch"
    message = "身份证号与准考证不一致,请核对证件,或举手联系监考员。"


class WrongRoomError(ConflictError):
    """The candidate belongs to another room or seat."""

    code = "wrong_room"
    message = "您的考场是 {room},座位 {seat},请到该座位签到。"


class NotOpenYetError(ConflictError):
    """The sitting takes no check-ins now."""

    code = "not_open_yet"
    message = "本场考试尚未开放签到,请稍候。"


class AlreadyFinishedError(ConflictError):
    """The candidate has ended this sitting."""

    code = "already_finished"
    message = "您已完成本场考试。"


class TerminalUnboundError(ConflictError):
    """The terminal has no seat yet."""

    code = "terminal_unbound"
    message = "本终端尚未绑定座位,请联系监考员。"


class TerminalElsewhereError(ConflictError):
    """The terminal stands in another room than the attempt."""

    code = "terminal_elsewhere"
    message = "该终端不在这名考生的考场内,请选择本考场的终端。"


class TerminalSignatureError(DomainError):
    """The request is not signed by the terminal's key, or was seen before."""

    kind = Kind.UNAUTHENTICATED
    code = "terminal_signature"
    message = "终端验证失败,请刷新页面重试。"


class TerminalKeyError(DomainError):
    """The public key is no P-256 point."""

    code = "terminal_key"
    message = "终端密钥格式不正确。"


class TerminalCodeError(DomainError):
    """No waiting terminal shows this code."""

    code = "terminal_code"
    message = "没有终端显示代码 {code},请核对屏幕上的六位代码。"


class SeatTakenError(ConflictError):
    """A candidate is sitting at this seat with another terminal."""

    code = "seat_taken"
    message = "座位 {seat} 正有考生在另一台终端作答,请用「换机」操作。"


class TerminalBusyError(ConflictError):
    """Another candidate's attempt stands at this terminal."""

    code = "terminal_busy"
    message = "座位 {seat} 的终端正由另一位考生使用,请换一台终端。"


class LeaseElsewhereError(ConflictError):
    """The attempt is held by another terminal."""

    code = "lease_elsewhere"
    message = "本场作答正在另一台终端进行,如需换机请联系监考员。"


class LeaseStaleError(ConflictError):
    """The attempt was transferred to another terminal after this lease was given."""

    code = "lease_stale"
    message = "本终端的作答权已转移,请联系监考员。"


class NotAdmittedError(ConflictError):
    """The proctor has not admitted the candidate."""

    code = "not_admitted"
    message = "请等待监考员核验身份。"


class NotStartedError(ConflictError):
    """The sitting has not started."""

    code = "not_started"
    message = "考试尚未开始。"


class TooLateError(ConflictError):
    """The last moment to begin has passed."""

    code = "too_late"
    message = "已超过最晚入场时间,不能开始作答。"


class TimeLeftError(ConflictError):
    """The terminal took the time for over, and the server has given more: the candidate goes on."""

    code = "time_left"
    message = "考试时间已延长,请继续作答。"


class AttemptPausedError(ConflictError):
    """The proctor has paused the attempt: its time stands still."""

    code = "attempt_paused"
    message = "监考员已暂停考试,剩余时间不减少。"


class ReasonMissingError(DomainError):
    """An act of a proctor has no reason."""

    code = "reason_missing"
    message = "请选择这项操作的原因。"


class ExtensionBoundsError(ForbiddenError):
    """More time than one act may give."""

    code = "extension_bounds"
    message = "一次延时须在 1 至 {limit_min} 分钟之间。"


class MessageTextError(DomainError):
    """A message is empty or too long."""

    code = "message_text"
    message = "消息内容须为 1 至 {limit} 个字。"
