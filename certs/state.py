"""The life of a credential: which acts its state allows, and what it is worth on a day; pure."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import assert_never

from exam.core.errors import ConflictError


class CredentialState(StrEnum):
    """证书状态 as it is stored; that a term has run out is computed from the day and never stored."""

    ISSUED = "issued"
    SUSPENDED = "suspended"
    """暂停: a doubt is being looked into; it may be lifted."""
    REVOKED = "revoked"
    """撤销: should not have been issued, or is taken away."""
    SUPERSEDED = "superseded"
    """换证: a later version took its place."""
    ANNULLED = "annulled"
    """注销: ended without blame, such as by death or at the holder's wish (行政许可法 70)."""


class CredentialAct(StrEnum):
    """What may be done to a credential that exists."""

    SUSPEND = "suspend"
    RESTORE = "restore"
    REVOKE = "revoke"
    SUPERSEDE = "supersede"
    ANNUL = "annul"
    REVIEW = "review"
    """复审: what the term asked for half-way is done."""
    END_REVIEW = "end_review"
    """免予复审: the rules of the day on which the review falls due ask for none any more."""


class Standing(StrEnum):
    """What a credential is worth on a day; only `VALID` entitles anybody to work."""

    VALID = "valid"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    ANNULLED = "annulled"


FINAL_STATES = frozenset({CredentialState.REVOKED, CredentialState.SUPERSEDED, CredentialState.ANNULLED})

_NEXT: dict[tuple[CredentialState, CredentialAct], CredentialState] = {
    (CredentialState.ISSUED, CredentialAct.SUSPEND): CredentialState.SUSPENDED,
    (CredentialState.ISSUED, CredentialAct.REVOKE): CredentialState.REVOKED,
    (CredentialState.ISSUED, CredentialAct.SUPERSEDE): CredentialState.SUPERSEDED,
    (CredentialState.ISSUED, CredentialAct.ANNUL): CredentialState.ANNULLED,
    (CredentialState.ISSUED, CredentialAct.REVIEW): CredentialState.ISSUED,
    (CredentialState.ISSUED, CredentialAct.END_REVIEW): CredentialState.ISSUED,
    (CredentialState.SUSPENDED, CredentialAct.RESTORE): CredentialState.ISSUED,
    (CredentialState.SUSPENDED, CredentialAct.REVOKE): CredentialState.REVOKED,
    (CredentialState.SUSPENDED, CredentialAct.ANNUL): CredentialState.ANNULLED,
    (CredentialState.SUSPENDED, CredentialAct.END_REVIEW): CredentialState.SUSPENDED,
}

_ACT_OF_EVENT = {
    "suspended": CredentialAct.SUSPEND,
    "restored": CredentialAct.RESTORE,
    "revoked": CredentialAct.REVOKE,
    "superseded": CredentialAct.SUPERSEDE,
    "annulled": CredentialAct.ANNUL,
    "reviewed": CredentialAct.REVIEW,
    "review_ended": CredentialAct.END_REVIEW,
}
EVENT_OF_ACT = {act: kind for kind, act in _ACT_OF_EVENT.items()}


class CredentialStateError(ConflictError):
    """The credential's state does not allow the act."""

    code = "credential_state"
    message = "证书当前状态不允许这项操作,请刷新后再看。"


def next_state(state: CredentialState, act: CredentialAct) -> CredentialState:
    """Return the state after an act; raises CredentialStateError."""
    try:
        return _NEXT[state, act]
    except KeyError:
        raise CredentialStateError(state=state.value, act=act.value) from None


def allowed_acts(state: CredentialState) -> frozenset[CredentialAct]:
    """Return the acts that the state allows."""
    return frozenset(act for known, act in _NEXT if known is state)


def fold(kinds: Iterable[str]) -> CredentialState:
    """Return the state that a history of event kinds leads to; a printed PDF and a run-out term change nothing.

    The stored state must equal this fold: a row that was changed beside its history shows here.
    """
    state = CredentialState.ISSUED
    for kind in kinds:
        if act := _ACT_OF_EVENT.get(kind):
            state = next_state(state, act)
    return state


def standing_on(
    state: CredentialState, valid_from: date, valid_until: date, on: date, *, review_on: date | None = None
) -> Standing:
    """Return what the credential is worth on a Shanghai date; both ends of the term count.

    `review_on` is the last day for a review that is still asked for: without it the certificate is void from then on.
    """
    valid_until = min(valid_until, review_on or valid_until)
    match state:
        case CredentialState.REVOKED:
            return Standing.REVOKED
        case CredentialState.SUPERSEDED:
            return Standing.SUPERSEDED
        case CredentialState.ANNULLED:
            return Standing.ANNULLED
        case CredentialState.SUSPENDED:
            return Standing.EXPIRED if on > valid_until else Standing.SUSPENDED
        case CredentialState.ISSUED:
            if on > valid_until:
                return Standing.EXPIRED
            return Standing.VALID if on >= valid_from else Standing.NOT_YET
    assert_never(state)
