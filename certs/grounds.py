"""Why a credential changes its state, and the rule that allows it: no transition without its article; pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from certs.state import CredentialAct
from exam.core.errors import ConflictError
from exam.standards.api import Parameter, RuleSet, basis_of


class Ground(StrEnum):
    """事由: what has happened that the rules know as a reason for an act."""

    INQUIRY = "inquiry"
    CLEARED = "cleared"
    WRONG_ISSUE = "wrong_issue"
    FRAUD = "fraud"
    FALSE_RECORD = "false_record"
    ACCIDENT = "accident"
    UNFIT = "unfit"
    DEATH = "death"
    REQUEST = "request"
    RENEWED = "renewed"
    CHANGED = "changed"
    REVIEWED = "reviewed"
    REVIEW_ENDED = "review_ended"


class Warrant(msgspec.Struct, frozen=True, kw_only=True):
    """What allows a transition: the version of the rules of its day, and document and article within them."""

    rule_set: str
    basis: str


class GroundNotStatedError(ConflictError):
    """No rule of the day knows this reason for this credential."""

    code = "ground_not_stated"
    message = "现行规则没有把这一事由列为可办理的依据,不能据此办理。"


class _Known(msgspec.Struct, frozen=True):
    """The act that a reason is for, the rule that must state it, and whether its holder is barred from applying again."""

    act: CredentialAct
    rule: str
    bars: bool = False


_KNOWN: Mapping[Ground, _Known] = {
    Ground.INQUIRY: _Known(CredentialAct.SUSPEND, "suspend_for_inquiry"),
    Ground.CLEARED: _Known(CredentialAct.RESTORE, "restore_after_inquiry"),
    Ground.WRONG_ISSUE: _Known(CredentialAct.REVOKE, "revoke_for_wrong_issue"),
    Ground.FRAUD: _Known(CredentialAct.REVOKE, "revoke_for_fraud", bars=True),
    Ground.FALSE_RECORD: _Known(CredentialAct.REVOKE, "revoke_for_false_record", bars=True),
    Ground.ACCIDENT: _Known(CredentialAct.REVOKE, "revoke_for_accident"),
    Ground.UNFIT: _Known(CredentialAct.REVOKE, "revoke_for_unfitness"),
    Ground.DEATH: _Known(CredentialAct.ANNUL, "annul_on_death"),
    Ground.REQUEST: _Known(CredentialAct.ANNUL, "annul_on_request"),
    Ground.RENEWED: _Known(CredentialAct.SUPERSEDE, "credential_term_years"),
    Ground.CHANGED: _Known(CredentialAct.SUPERSEDE, "reissue_on_change"),
    Ground.REVIEWED: _Known(CredentialAct.REVIEW, "review_every_years"),
    Ground.REVIEW_ENDED: _Known(CredentialAct.END_REVIEW, "review_every_years"),
}


def act_of(ground: Ground) -> CredentialAct:
    """Return the act that a reason is for."""
    return _KNOWN[ground].act


def bars(ground: Ground) -> bool:
    """Say whether the holder may not apply again for the years of the rules."""
    return _KNOWN[ground].bars


def _is_stated(rules: RuleSet, ground: Ground) -> bool:
    parameter: Parameter[Any] = getattr(rules, _KNOWN[ground].rule)
    match ground:
        case Ground.REVIEWED:
            return isinstance(parameter.value, int)
        case Ground.REVIEW_ENDED:
            return bool(parameter.value == "none")
    return bool(parameter.value)


def warrant_of(rules: RuleSet, ground: Ground) -> Warrant:
    """Return what allows an act for a reason under the rules of its day; raises GroundNotStatedError."""
    key = _KNOWN[ground].rule
    if not _is_stated(rules, ground):
        raise GroundNotStatedError(ground=ground.value, key=key)
    return Warrant(rule_set=rules.version, basis=basis_of(rules, key))


def stated_grounds(rules: RuleSet, act: CredentialAct) -> list[tuple[Ground, str]]:
    """Return the reasons that the rules of a day know for an act, each with its article."""
    known = [ground for ground in Ground if act_of(ground) is act and _is_stated(rules, ground)]
    return [(ground, warrant_of(rules, ground).basis) for ground in known]
