"""The way of an application: which acts its state allows, and by when the law wants the next one; pure."""

from datetime import date
from enum import StrEnum

from exam.core.errors import ConflictError
from exam.standards.api import Parameter, RuleSet, working_days_after


class ApplicationKind(StrEnum):
    """What is applied for."""

    INITIAL = "initial"
    """领证: every part is passed; the application is the registration itself."""
    RENEWAL = "renewal"
    """换证、延期: another term on the training of the last one."""
    CHANGE = "change"
    """换发: another name or photo on the same term."""


class ApplicationState(StrEnum):
    """申请状态."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REFUSAL_PROPOSED = "refusal_proposed"
    NOT_ACCEPTED = "not_accepted"
    GRANTED = "granted"
    REFUSED = "refused"


class ApplicationAct(StrEnum):
    """What may be done with an application."""

    ACCEPT = "accept"
    DEEM_ACCEPTED = "deem_accepted"
    """逾期不告知的视为受理: nobody has answered within the days of the law."""
    NOT_ACCEPT = "not_accept"
    GRANT = "grant"
    PROPOSE_REFUSAL = "propose_refusal"
    DROP_REFUSAL = "drop_refusal"
    REFUSE = "refuse"


class RefusalGround(StrEnum):
    """不予批准的事由."""

    CONDITIONS = "conditions"
    """不符合条件"""
    FALSE_MATERIAL = "false_material"
    """隐瞒有关情况或者提供虚假材料: bars the applicant."""


class ApplicationStateError(ConflictError):
    """The application's state does not allow the act."""

    code = "application_state"
    message = "申请当前状态不允许这项操作,请刷新后再看。"


OPEN_STATES = frozenset({ApplicationState.RECEIVED, ApplicationState.ACCEPTED, ApplicationState.REFUSAL_PROPOSED})

_NEXT: dict[tuple[ApplicationState, ApplicationAct], ApplicationState] = {
    (ApplicationState.RECEIVED, ApplicationAct.ACCEPT): ApplicationState.ACCEPTED,
    (ApplicationState.RECEIVED, ApplicationAct.DEEM_ACCEPTED): ApplicationState.ACCEPTED,
    (ApplicationState.RECEIVED, ApplicationAct.NOT_ACCEPT): ApplicationState.NOT_ACCEPTED,
    (ApplicationState.ACCEPTED, ApplicationAct.GRANT): ApplicationState.GRANTED,
    (ApplicationState.ACCEPTED, ApplicationAct.PROPOSE_REFUSAL): ApplicationState.REFUSAL_PROPOSED,
    (ApplicationState.REFUSAL_PROPOSED, ApplicationAct.DROP_REFUSAL): ApplicationState.ACCEPTED,
    (ApplicationState.REFUSAL_PROPOSED, ApplicationAct.REFUSE): ApplicationState.REFUSED,
}


def next_state(state: ApplicationState, act: ApplicationAct) -> ApplicationState:
    """Return the state after an act; raises ApplicationStateError."""
    try:
        return _NEXT[state, act]
    except KeyError:
        raise ApplicationStateError(state=state.value, act=act.value) from None


def allowed_acts(state: ApplicationState) -> frozenset[ApplicationAct]:
    """Return the acts that the state allows."""
    return frozenset(act for known, act in _NEXT if known is state)


def accept_due_on(rules: RuleSet, received_on: date) -> date | None:
    """Return the last Shanghai date to accept or not, None where the rules state no limit."""
    return _after(received_on, rules.application_accept_working_days)


def decide_due_on(rules: RuleSet, accepted_on: date) -> date | None:
    """Return the last Shanghai date to decide and issue, None where the rules state no limit."""
    return _after(accepted_on, rules.decision_working_days)


def _after(day: date, limit: Parameter[int]) -> date | None:
    return None if limit.value is None else working_days_after(day, limit.value)
