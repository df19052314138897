"""What may go wrong with law as data: bad files at start-up, and questions that the rules do not answer."""

from typing import NamedTuple

from exam.core.errors import ConflictError, NotFoundError


class Finding(NamedTuple):
    """One defect of a data file; `line` counts from 1 and is 1 when the defect is an absence."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        """Write the finding the way editors jump to: file, line, key, sentence."""
        return f"{self.file}:{self.line}: {self.key}: {self.message}"


class StandardsDataError(Exception):
    """The data files do not hold; the server must not start, since it would judge people by them."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


class UnknownQualificationError(NotFoundError):
    """No qualification has this code."""

    code = "qualification_unknown"
    message = "资格代码“{qualification}”不在资格目录中。"


class NoRuleSetError(NotFoundError):
    """No rule applied to the qualification on that date, or the stored version string names none."""

    code = "rule_set_missing"
    message = "资格“{qualification}”在该日期或版本下没有适用的规则。"


class NotStatedError(ConflictError):
    """The rules do not state a parameter that the caller cannot do without."""

    code = "rule_not_stated"
    message = "规则中未载明“{key}”,请由考核机构设定。"
