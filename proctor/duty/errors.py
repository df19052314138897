"""What can go wrong when a room goes from one proctor to another."""

from exam.core.errors import ConflictError, DomainError, NotFoundError


class RoomTakenError(ConflictError):
    """Somebody else answers for the room and is at the desk."""

    code = "room_taken"
    message = "这个考场已由{name}负责,请由对方移交。"


class NotOnDutyError(ConflictError):
    """Only who answers for a room can hand it over."""

    code = "not_on_duty"
    message = "您现在不负责这个考场,不能移交。"


class HandoverNoteError(DomainError):
    """The colleague must be told what is going on."""

    code = "handover_note"
    message = "请写明考场情况和需要留意的事,1 至 {limit} 个字。"


class HandoverColleagueError(DomainError):
    """A room goes to another proctor of its region."""

    code = "handover_colleague"
    message = "请从列表中选择接班的监考员。"


class HandoverWaitingError(ConflictError):
    """A room is offered to one colleague at a time."""

    code = "handover_waiting"
    message = "这个考场正在移交,请先撤回原来的移交。"


class HandoverNotFoundError(NotFoundError):
    """No offer of the scope waits under this id for this person's answer."""

    code = "handover_not_found"
    message = "这次移交已有结果,或不是移交给您的,请刷新后再看。"
