"""Who works in the demo province: at least one account for every role, several where a rule wants several people."""

from typing import Literal

import msgspec

from exam.identity.api import Role

PASSWORD = "Ankao-demo-2026"  # noqa: S105  # printed at every start of a demo; production has no such account

Body = Literal["", "centre", "enterprise", "authority", "training"]


class Post(msgspec.Struct, frozen=True):
    """One account: its role, where it acts, and the kind of organisation it belongs to."""

    login: str
    name: str
    role: Role
    region: str
    body: Body = ""


PROVINCE, CITY, COUNTY, TOWN = "33", "33/3301", "33/3301/330106", "33/3301/330106/330106002"

POSTS = (
    Post("centre", "考试中心经办", Role.CENTRE, COUNTY, "centre"),
    Post("proctor", "监考一", Role.PROCTOR, COUNTY),
    Post("proctor2", "监考二", Role.PROCTOR, CITY),
    Post("assessor", "考评一", Role.ASSESSOR, COUNTY, "centre"),
    Post("assessor2", "考评二", Role.ASSESSOR, COUNTY, "centre"),
    Post("assessor3", "考评三", Role.ASSESSOR, COUNTY, "centre"),
    Post("author", "命题员", Role.AUTHOR, PROVINCE),
    Post("reviewer", "审题员", Role.REVIEWER, PROVINCE),
    Post("publisher", "题库发布", Role.PUBLISHER, PROVINCE),
    Post("custodian", "密钥保管", Role.CUSTODIAN, PROVINCE),
    Post("trainer", "培训教务一", Role.CENTRE, COUNTY, "training"),
    Post("trainer2", "培训教务二", Role.CENTRE, COUNTY, "training"),
    Post("teacher", "培训教师", Role.TEACHER, COUNTY, "training"),
    Post("regulator", "省厅监管", Role.REGULATOR, PROVINCE),
    Post("regulator-city", "市局监管", Role.REGULATOR, CITY),
    Post("regulator-city2", "市局签发", Role.REGULATOR, CITY),
    Post("regulator-county", "区局监管", Role.REGULATOR, COUNTY),
    Post("regulator-county2", "区局签发", Role.REGULATOR, COUNTY),
    Post("regulator-town", "镇街监管", Role.REGULATOR, TOWN),
    Post("enterprise", "企业经办", Role.ENTERPRISE, COUNTY, "enterprise"),
    Post("auditor", "审计管理员", Role.AUDITOR, PROVINCE),
    Post("sysadmin", "系统管理员", Role.SYSTEM_ADMIN, PROVINCE),
    Post("secadmin", "安全管理员", Role.SECURITY_ADMIN, PROVINCE),
)
