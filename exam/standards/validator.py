"""Whether the data files hold together: the server refuses to start on a rule that nobody could explain."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from itertools import combinations, pairwise

from exam.standards.errors import Finding, StandardsDataError
from exam.standards.parsing import TomlFile, parse_rule_source
from exam.standards.qualifications import Catalogue, Qualification
from exam.standards.sources import RuleSource, current_sources, selectors
from exam.standards.vocabulary import value_types

Files = dict[str, TomlFile]
"""Reference code@version → the file it stands in."""


def read_catalogue(name: str, text: str) -> Catalogue:
    """Return the catalogue, or raise `StandardsDataError` with every finding of the file."""
    file = TomlFile(name, text)
    catalogue = file.convert(Catalogue)
    if catalogue is not None:
        _check_catalogue(file, catalogue)
    if catalogue is None or file.findings:
        raise StandardsDataError(tuple(file.findings))
    return catalogue


def _check_catalogue(file: TomlFile, catalogue: Catalogue) -> None:
    groups = {group.code for group in catalogue.groups}
    versions = {version.code for version in catalogue.catalogues if version.stated}
    members: list[tuple[str, int, str]] = [
        *(("industries", index, industry.group) for index, industry in enumerate(catalogue.industries)),
        *(("items", index, item.group) for index, item in enumerate(catalogue.items)),
    ]
    for table, index, group in members:
        if group not in groups:
            file.refuse((table, index, "group"), f"未定义的分组“{group}”")
    for index, item in enumerate(catalogue.items):
        if item.catalogue not in versions:
            file.refuse(("items", index, "catalogue"), f"目录版本“{item.catalogue}”未定义或未载明内容")
    _check_unique(file, "groups", "code", [group.code for group in catalogue.groups])
    _check_unique(file, "industries", "code", [industry.code for industry in catalogue.industries])
    _check_unique(file, "items", "no", [item.no for item in catalogue.items])


def _check_unique(file: TomlFile, table: str, key: str, values: list[str]) -> None:
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            file.refuse((table, index, key), f"重复的代码“{value}”")
        seen.add(value)


def read_rule_sources(texts: Mapping[str, str], qualifications: tuple[Qualification, ...]) -> tuple[RuleSource, ...]:
    """Return the rule sources in file order, or raise `StandardsDataError` with the findings of all files."""
    findings: list[Finding] = []
    sources: list[RuleSource] = []
    files: Files = {}
    for name, text in texts.items():
        file = TomlFile(name, text)
        source = parse_rule_source(file)
        if source is not None:
            _check_source(file, source, qualifications)
            if source.reference in files:
                file.refuse(("code",), f"{source.reference} 已在 {files[source.reference].name} 中定义")
            files[source.reference] = file
            sources.append(source)
        findings.extend(file.findings)
    if not findings:
        findings = list(_check_together(current_sources(tuple(sources)), files, qualifications))
    if findings:
        raise StandardsDataError(tuple(dict.fromkeys(findings)))
    return tuple(sources)


def _check_source(file: TomlFile, source: RuleSource, qualifications: tuple[Qualification, ...]) -> None:
    known = {name for qualification in qualifications for name in selectors(qualification)}
    for name in source.applies_to:
        if name not in known:
            file.refuse(("applies_to",), f"未知的资格、分组或类别“{name}”")
    for name in source.scoped:
        if name not in known:
            file.refuse(("scoped", name), f"未知的资格、分组或类别“{name}”")
    if source.effective_until is not None and source.effective_until < source.effective_from:
        file.refuse(("effective_until",), "失效日早于施行日")


def _check_together(
    sources: tuple[RuleSource, ...], files: Files, qualifications: tuple[Qualification, ...]
) -> Iterable[Finding]:
    for qualification in qualifications:
        applying = [source for source in sources if source.applies(qualification)]
        for family in sorted({source.family for source in applying}):
            members = [source for source in applying if source.family == family]
            yield from _check_succession(sorted(members, key=lambda source: source.effective_from), files)
        for first, second in combinations(applying, 2):
            yield from _check_precedence(first, second, files, qualification)


def _check_succession(members: list[RuleSource], files: Files) -> Iterable[Finding]:
    for earlier, later in pairwise(members):
        file = files[later.reference]
        if earlier.effective_until is None or earlier.effective_until >= later.effective_from:
            yield file.finding_at(("effective_from",), f"与 {earlier.reference} 的有效期重叠")
        elif earlier.effective_until + timedelta(days=1) < later.effective_from:
            yield file.finding_at(("effective_from",), f"与 {earlier.reference} 之间有空档")
    last = members[-1]
    if last.effective_until is not None:
        yield files[last.reference].finding_at(("effective_until",), "失效后没有接续的规则集")


def _check_precedence(
    first: RuleSource, second: RuleSource, files: Files, qualification: Qualification
) -> Iterable[Finding]:
    # Within a family meeting at all is the defect, and the succession reports it.
    if first.family == second.family or first.precedence != second.precedence or not _meet(first, second):
        return
    for key in value_types():
        entries = [source.find_entry(key, qualification) for source in (first, second)]
        if all(entry is not None and entry.binds for entry in entries):
            message = f"{first.reference} 以同样的优先级规定了 {key}"
            yield files[second.reference].finding_at(("values", key), message)


def _meet(first: RuleSource, second: RuleSource) -> bool:
    first_end, second_end = first.effective_until or date.max, second.effective_until or date.max
    return first.effective_from <= second_end and second.effective_from <= first_end
