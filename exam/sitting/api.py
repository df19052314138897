"""What other packages may use of sittings."""

from exam.sitting.desk import Task as SittingTask
from exam.sitting.desk import load_work
from exam.sitting.eligibility import Ban
from exam.sitting.enterprises import find_enterprise
from exam.sitting.errors import (
    EnterpriseDeregisteredError,
    NotEligibleError,
    RegistrationNotFoundError,
    SittingNotFoundError,
)
from exam.sitting.facts import (
    find_bans,
    lift_ban,
    list_bans,
    list_passes,
    record_attempt_used,
    record_ban,
    record_pass,
    withdraw_pass,
)
from exam.sitting.forms import form_key, request_forms
from exam.sitting.photo import prepare_photo
from exam.sitting.ports import OPEN_ATTEMPTS, OpenAttempts
from exam.sitting.readiness import Readiness, readiness_of, readiness_of_all
from exam.sitting.registration_views import (
    get_registration,
    list_refusals,
    list_registrations,
    list_registrations_of,
)
from exam.sitting.registrations import cancel_registration, record_refusal, register
from exam.sitting.sittings import (
    close_sitting,
    create_plan,
    create_sitting,
    get_room,
    get_sitting,
    list_rooms,
    list_rooms_of_proctor,
    list_sittings,
    mark_released,
    open_sitting,
    record_room_proctor,
)
from exam.sitting.tickets import find_registration_by_ticket, ticket_pdf, ticket_secret
from exam.sitting.views import (
    PassView,
    RefusalView,
    RegistrationKind,
    RegistrationState,
    RegistrationView,
    RoomView,
    SittingState,
    SittingView,
)

__all__ = [
    "OPEN_ATTEMPTS",
    "Ban",
    "EnterpriseDeregisteredError",
    "NotEligibleError",
    "OpenAttempts",
    "PassView",
    "Readiness",
    "RefusalView",
    "RegistrationKind",
    "RegistrationNotFoundError",
    "RegistrationState",
    "RegistrationView",
    "RoomView",
    "SittingNotFoundError",
    "SittingState",
    "SittingTask",
    "SittingView",
    "cancel_registration",
    "close_sitting",
    "create_plan",
    "create_sitting",
    "find_bans",
    "find_enterprise",
    "find_registration_by_ticket",
    "form_key",
    "get_registration",
    "get_room",
    "get_sitting",
    "lift_ban",
    "list_bans",
    "list_passes",
    "list_refusals",
    "list_registrations",
    "list_registrations_of",
    "list_rooms",
    "list_rooms_of_proctor",
    "list_sittings",
    "load_work",
    "mark_released",
    "open_sitting",
    "prepare_photo",
    "readiness_of",
    "readiness_of_all",
    "record_attempt_used",
    "record_ban",
    "record_pass",
    "record_refusal",
    "record_room_proctor",
    "register",
    "request_forms",
    "ticket_pdf",
    "ticket_secret",
    "withdraw_pass",
]
