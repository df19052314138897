"""The rules of the house hold everywhere but where an exemption says why."""

import pytest

from tests.architecture.exemptions import EXEMPTIONS, Exemption
from tests.architecture.house_rules import Finding, find_all, modules, parse

FINDINGS = [
    ("clock", "grading/verdict.py", "late = datetime.now(UTC)"),
    ("clock", "grading/verdict.py", "late = datetime.datetime.utcnow()"),
    ("clock", "grading/verdict.py", "day = date.today()"),
    ("clock", "exam/core/jobs.py", "at = time.time()"),
    ("region", "certs/views.py", "seen = path.startswith(own + '/')"),
    ("region", "certs/views.py", "seen = path.startswith(f'{own}/')"),
    ("region", "certs/views.py", "query = select(Row).where(Row.region.like(wanted))"),
    ("region", "certs/views.py", "sql = 'select 1 from t where t.region like :region'"),
    ("region", "certs/views.py", "sql = 'select 1 from t where starts_with(region, :region)'"),
    ("visible-region", "exam/records/board.py", "seen = VisibleRegion(path)"),
    ("visible-region", "exam/records/board.py", "seen = cast(VisibleRegion, path)"),
    ("relationship", "grading/models.py", "class Score(Base):\n    person = relationship('Person')"),
    ("relationship", "grading/models.py", "class Score(Base):\n    people: Mapped[list['Person']] = relationship()"),
    ("commit", "certs/issuing.py", "async def issue(session):\n    await session.commit()"),
    ("foreign-key", "exam/sitting/models.py", "key = ForeignKey('delivery_attempt.id')"),
    ("foreign-key", "grading/models.py", "key = ForeignKey('proctor_incident.id')"),
    ("http", "grading/regrades.py", "from litestar.exceptions import HTTPException"),
    ("http", "grading/regrades.py", "import litestar"),
    ("workbook", "exam/sitting/batch.py", "rows = read_workbook(data)"),
]
KEPT = [
    ("exam/core/clock.py", "now = datetime.now(UTC)"),
    ("exam/identity/organisations.py", "below = Region.path.startswith(under + '/')"),
    ("exam/web/forms.py", "local = target.startswith('/')"),
    ("exam/identity/guards.py", "proof = VisibleRegion(path)"),
    ("grading/models.py", "class Score(Base):\n    result: Mapped['Result'] = relationship()"),
    ("exam/core/db/engine.py", "session.commit()"),
    ("exam/delivery/models.py", "key = ForeignKey('identity_person.id')"),
    ("grading/regrade_pages.py", "from litestar import get"),
    ("exam/core/sheets/limited.py", "sheets = read_workbook(data)"),
]


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    return find_all(modules())


@pytest.mark.parametrize(("rule", "path", "source"), FINDINGS)
def test_a_breach_is_found(rule: str, path: str, source: str) -> None:
    assert [(finding.rule, finding.path) for finding in find_all([parse(path, source)])] == [(rule, path)]


@pytest.mark.parametrize(("path", "source"), KEPT)
def test_what_keeps_the_rules_is_left_alone(path: str, source: str) -> None:
    assert find_all([parse(path, source)]) == []


def test_the_tree_keeps_the_rules(findings: list[Finding]) -> None:
    exempt = {entry[:3] for entry in EXEMPTIONS}
    broken = [finding for finding in findings if (finding.rule, finding.path, finding.code) not in exempt]
    assert not broken, "\n".join(f"{each.path}:{each.line}: {each.rule}: {each.code}" for each in broken)


@pytest.mark.parametrize("exemption", EXEMPTIONS, ids=lambda entry: f"{entry.rule}-{entry.path}")
def test_an_exemption_is_needed_and_reasoned(exemption: Exemption, findings: list[Finding]) -> None:
    assert any((found.rule, found.path, found.code) == exemption[:3] for found in findings)
    assert exemption.reason.count(" ") > 2
