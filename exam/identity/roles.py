"""The roles of the system (DESIGN.md §1) and which of them no one person may hold together."""

from enum import StrEnum


class Role(StrEnum):
    """角色: what an account may do, always within a region or an organisation."""

    CANDIDATE = "candidate"
    """考生"""
    PROCTOR = "proctor"
    """监考员: room or remote."""
    ASSESSOR = "assessor"
    """考评员: marks practical parts."""
    CENTRE = "centre"
    """培训考试机构经办人"""
    AUTHOR = "author"
    """命题员"""
    REVIEWER = "reviewer"
    """审题员"""
    PUBLISHER = "publisher"
    """题库发布员"""
    CUSTODIAN = "custodian"
    """密钥保管人"""
    REGULATOR = "regulator"
    """监管人员"""
    ENTERPRISE = "enterprise"
    """企业经办人"""
    AUDITOR = "auditor"
    """审计管理员"""
    SYSTEM_ADMIN = "system_admin"
    """系统管理员"""
    SECURITY_ADMIN = "security_admin"
    """安全管理员: accounts and roles."""


ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})
"""三员: three different people, none of whom holds an exam right (GB/T 22239-2019, 三员分立)."""

ONE_FACTOR = frozenset({Role.CANDIDATE, Role.ENTERPRISE})
"""Roles outside the staff: they log in with a password alone."""

NEEDS_ORGANISATION = frozenset({Role.CENTRE, Role.ENTERPRISE, Role.ASSESSOR})

_EXCLUSIVE: tuple[frozenset[Role], ...] = (
    frozenset({Role.AUTHOR, Role.REVIEWER}),
    frozenset({Role.AUTHOR, Role.PUBLISHER}),
    frozenset({Role.REVIEWER, Role.PUBLISHER}),
    frozenset({Role.AUTHOR, Role.CUSTODIAN}),
)


def conflict_between(held: frozenset[Role], wanted: Role) -> Role | None:
    """Return a role that must not be held together with `wanted`, or None."""
    for role in sorted(held - {wanted}):
        if frozenset({role, wanted}) in _EXCLUSIVE:
            return role
        if wanted in ADMINISTRATORS or role in ADMINISTRATORS:
            return role
    return None
