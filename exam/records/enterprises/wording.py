"""What rows do and what fields hold, as msgids."""

from exam.records.enterprises.divisions import title_of_division
from exam.records.enterprises.merging import Act
from exam.records.enterprises.reading import SIZES
from exam.records.names import industry_of

ACTS: dict[Act, tuple[str, str]] = {
    Act.CREATE: ("新登记", "ok"),
    Act.AMEND: ("更新", "info"),
    Act.KEEP: ("没有变化", "off"),
    Act.DEREGISTER: ("注销", "warn"),
}
"""Word and tone."""
YES_NO = (("yes", "高危企业"), ("no", "非高危企业"))
COVERED = (("missing", "有缺证"), ("ending", "90 日内有到期"), ("full", "持证齐全"), ("nobody", "未登记人员"))
STANDING = (("standing", "在业"), ("gone", "企业已注销"))
"""Choices of the list's filters: value and word."""


def shown(column: str, value: object) -> str:
    """Return what a field's value is called: a msgid, or a proper name."""
    if isinstance(value, bool):
        return "是" if value else "否"
    match column:
        case "industry":
            return industry_of(str(value))
        case "division":
            return title_of_division(str(value))
        case "size":
            return SIZES.get(str(value), "")
    return "" if value is None else str(value)
