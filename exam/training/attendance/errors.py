"""What can be wrong with signing in and with the roll."""

from exam.core.errors import ConflictError, DomainError, NotFoundError


class ClassNotFiledError(ConflictError):
    """Attendance counts in classes only whose plan has been filed."""

    code = "class_not_filed"
    message = "这个班的计划还没有备案(或已退回),不能签到计时。"


class SessionNotFiledError(ConflictError):
    """A session that began before any filed plan held it."""

    code = "session_not_filed"
    message = "这节课开始前,含有它的计划还没有备案:不能签到、确认或更正考勤,不计学时。"


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
