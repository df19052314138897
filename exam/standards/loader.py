"""The packaged data files, read and checked once per process."""

from functools import cache
from importlib.resources import files

import msgspec

from exam.standards.errors import StandardsDataError
from exam.standards.parsing import TomlFile
from exam.standards.qualifications import Catalogue, Qualification
from exam.standards.sources import RuleSource
from exam.standards.validator import read_catalogue, read_rule_sources
from exam.standards.working_days import WorkCalendar


class Standards(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the data files say; `qualifications` is keyed by code, in catalogue order."""

    catalogue: Catalogue
    qualifications: dict[str, Qualification]
    sources: tuple[RuleSource, ...]
    calendar: WorkCalendar


@cache
def load() -> Standards:
    """Return the standards; raises `StandardsDataError` with file and line, so call it at start-up."""
    data = files("exam.standards") / "data"
    catalogue = read_catalogue("qualifications.toml", (data / "qualifications.toml").read_text(encoding="utf-8"))
    qualifications = catalogue.qualifications()
    entries = sorted((data / "rule_sets").iterdir(), key=lambda entry: entry.name)
    texts = {entry.name: entry.read_text(encoding="utf-8") for entry in entries if entry.name.endswith(".toml")}
    return Standards(
        catalogue=catalogue,
        qualifications={qualification.code: qualification for qualification in qualifications},
        sources=read_rule_sources(texts, qualifications),
        calendar=_read_calendar((data / "holidays.toml").read_text(encoding="utf-8")),
    )


def _read_calendar(text: str) -> WorkCalendar:
    file = TomlFile("holidays.toml", text)
    calendar = file.convert(WorkCalendar)
    if calendar is None:
        raise StandardsDataError(tuple(file.findings))
    return calendar
