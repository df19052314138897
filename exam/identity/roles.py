"""The roles of the system (DESIGN.md §1) and which of them no one person may hold together."""

from collections.abc import Iterable
from enum import StrEnum

from exam.web.policy import ONE_FACTOR_ROLES


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
    TEACHER = "teacher"
    """培训教师: takes the roll of the own classes."""
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

TITLES: dict[Role, str] = {
    Role.CANDIDATE: "考生",
    Role.PROCTOR: "监考员",
    Role.ASSESSOR: "考评员",
    Role.CENTRE: "培训考试机构经办人",
    Role.TEACHER: "培训教师",
    Role.AUTHOR: "命题员",
    Role.REVIEWER: "审题员",
    Role.PUBLISHER: "题库发布员",
    Role.CUSTODIAN: "密钥保管人",
    Role.REGULATOR: "监管人员",
    Role.ENTERPRISE: "企业经办人",
    Role.AUDITOR: "审计管理员",
    Role.SYSTEM_ADMIN: "系统管理员",
    Role.SECURITY_ADMIN: "安全管理员",
}
"""What a role is called; msgids."""

NEEDS_ORGANISATION: frozenset[Role] = frozenset({Role.CENTRE, Role.ENTERPRISE, Role.ASSESSOR, Role.TEACHER})

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


def needs_second_factor(roles: Iterable[str]) -> bool:
    """Tell whether a holder of these roles is staff (GB/T 22239-2019, 8.1.4.1 d: two factors)."""
    return not ONE_FACTOR_ROLES.issuperset(roles)
