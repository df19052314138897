"""Terms of the process and of records, as data with their sources: `data/credit_terms.toml`."""

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from exam.records.credit.errors import PublicationTermError
from exam.standards.api import Mark


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number of days or years with its source."""

    value: int
    source: str
    mark: Mark


class Severity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """失信程度: for how many months a decision may be published, and from when repair may be asked for; `title` is a msgid."""

    code: str
    title: str
    min_months: int
    max_months: int
    source: str
    mark: Mark

    def require(self, months: int) -> None:
        """Refuse a term that is too short or too long; what is minor may stay unpublished, which is 0 months."""
        if not self.min_months <= months <= self.max_months:
            raise PublicationTermError(least=self.min_months, most=self.max_months)


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of the file."""

    defence_days: Term
    decide_days: Term
    publish_days: Term
    kept_years: Term
    objection_days: Term
    objection_most_days: Term
    repair_days: Term
    reading_kept_years: Term
    listing_months: Term
    listing_repair_months: Term
    severity: tuple[Severity, ...]

    def of(self, code: str) -> Severity:
        """Return a severity; raises PublicationTermError for a code that is none."""
        for severity in self.severity:
            if severity.code == code:
                return severity
        raise PublicationTermError(least=0, most=self.severity[-1].max_months)


@cache
def load_terms() -> Terms:
    """Return the terms."""
    text = (files("exam.records.credit") / "data" / "credit_terms.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Terms)
