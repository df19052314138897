"""Defects of the data files: each is found, with the file and the line to mend."""

import pytest

from exam.standards import api
from exam.standards.errors import Finding, StandardsDataError
from exam.standards.sources import RuleSource
from exam.standards.validator import read_catalogue, read_rule_sources

HEADER = """code = "{code}"
version = {version}
family = "{family}"
title = "规定"
document = "令"
effective_from = {start}
{until}
effective_source = "令"
effective_mark = "V"
applies_to = {applies_to}
precedence = {precedence}

[values]
"""
FIRST_KEY_LINE = 14
PASS_MARK = 'theory_pass_mark = { value = 80_00, source = "第9条", mark = "V" }'


def rule_file(
    *lines: str,
    code: str = "a",
    version: int = 1,
    family: str = "f",
    start: str = "2020-01-01",
    until: str = "",
    applies_to: str = '["special"]',
    precedence: int = 10,
) -> str:
    end = f"effective_until = {until}" if until else "# open"
    header = HEADER.format(
        code=code, version=version, family=family, start=start, until=end, applies_to=applies_to, precedence=precedence
    )
    return header + "\n".join(lines)


def read(**texts: str) -> tuple[RuleSource, ...]:
    files = {f"{name}.toml": text for name, text in texts.items()}
    return read_rule_sources(files, api.list_qualifications())


def findings_of(**texts: str) -> list[Finding]:
    with pytest.raises(StandardsDataError) as caught:
        read(**texts)
    return list(caught.value.findings)


def test_a_sound_file_is_read() -> None:
    (source,) = read(a=rule_file(PASS_MARK))

    assert source.values["theory_pass_mark"].value == 8000


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        ('pass_marks = { value = 1, source = "s", mark = "V" }', "pass_marks", "未知的键"),
        ('theory_pass_mark = { value = "80", source = "s", mark = "V" }', "theory_pass_mark", "类型或取值不对"),
        ('theory_pass_mark = { value = 80.5, source = "s", mark = "V" }', "theory_pass_mark", "类型或取值不对"),
        ('theory_pass_mark = { value = 0, source = "s", mark = "V" }', "theory_pass_mark", "类型或取值不对"),
        ('theory_attempts = { value = "many", source = "s", mark = "V" }', "theory_attempts", "类型或取值不对"),
        ('parts = { value = ["oral"], source = "s", mark = "V" }', "parts", "类型或取值不对"),
        ('fee_free = { value = 1, source = "s", mark = "V" }', "fee_free", "类型或取值不对"),
        ('theory_pass_mark = { value = 80_00, mark = "V" }', "theory_pass_mark", "缺少 source"),
        ('theory_pass_mark = { value = 80_00, source = "", mark = "V" }', "theory_pass_mark", "缺少 source"),
        ('theory_pass_mark = { value = 80_00, source = "s" }', "theory_pass_mark", "缺少 mark"),
        ('theory_pass_mark = { value = 80_00, source = "s", mark = "W" }', "theory_pass_mark", "类型或取值不对"),
        ('theory_pass_mark = { value = 80_00, source = "s", mark = "V", x = 1 }', "theory_pass_mark", "类型或取值不对"),
        ('theory_pass_mark = { value = 80_00, source = "s", mark = "absent" }', "theory_pass_mark", "absent"),
        ('theory_pass_mark = { source = "s", mark = "V" }', "theory_pass_mark", "必须有 value"),
        ("theory_pass_mark = 80_00", "theory_pass_mark", "应当写成"),
    ],
)
def test_a_defective_line_is_named_with_its_place(line: str, key: str, words: str) -> None:
    comment = "# theory_pass_mark = not this one"
    (finding,) = findings_of(a=rule_file(comment, line))

    assert (finding.file, finding.line, finding.key) == ("a.toml", FIRST_KEY_LINE + 1, f"values.{key}")
    assert words in finding.message


def test_a_scoped_line_is_named_in_its_own_table() -> None:
    bad = 'theory_pass_mark = { value = "x", source = "s", mark = "V" }'
    (finding,) = findings_of(a=rule_file(PASS_MARK, "", '[scoped."special.1.2"]', bad))

    assert (finding.line, finding.key) == (FIRST_KEY_LINE + 3, "scoped.special.1.2.theory_pass_mark")


def test_all_defects_of_all_files_are_reported_at_once() -> None:
    bad = 'nonsense = { value = 1, source = "s", mark = "V" }'

    assert [finding.file for finding in findings_of(a=rule_file(bad), b=rule_file(bad, code="b"))] == [
        "a.toml",
        "b.toml",
    ]


def test_an_unknown_header_key_is_refused_on_its_line() -> None:
    text = rule_file(PASS_MARK).replace('document = "令"', 'document = "令"\nurl = "x"')
    (finding,) = findings_of(a=text)

    assert (finding.line, finding.key) == (6, "url")


def test_a_header_value_of_the_wrong_type_is_refused_on_its_line() -> None:
    (finding,) = findings_of(a=rule_file(PASS_MARK, start='"soon"'))

    assert (finding.line, finding.key) == (6, "effective_from")


def test_a_text_that_is_no_toml_is_refused_on_its_line() -> None:
    (finding,) = findings_of(a='code = "a"\nversion = = 1\n')

    assert finding.line == 2


@pytest.mark.parametrize("name", ["special-11", "special.99", "everyone"])
def test_an_unknown_qualification_is_refused(name: str) -> None:
    (in_header,) = findings_of(a=rule_file(PASS_MARK, applies_to=f'["special", "{name}"]'))
    (in_scope,) = findings_of(a=rule_file("", f'[scoped."{name}"]', PASS_MARK))

    assert (in_header.line, in_header.key) == (10, "applies_to")
    assert in_scope.line == FIRST_KEY_LINE + 1
    assert name in in_header.message
    assert name in in_scope.message


def test_overlapping_dates_are_refused() -> None:
    (finding,) = findings_of(
        a=rule_file(PASS_MARK, until="2020-12-31"),
        b=rule_file(PASS_MARK, code="b", start="2020-12-31"),
    )

    assert (finding.file, finding.line) == ("b.toml", 6)
    assert "重叠" in finding.message


def test_an_open_end_before_a_successor_is_an_overlap() -> None:
    (finding,) = findings_of(a=rule_file(PASS_MARK), b=rule_file(PASS_MARK, code="b", start="2021-01-01", precedence=9))

    assert "重叠" in finding.message


def test_a_gap_is_refused() -> None:
    (finding,) = findings_of(
        a=rule_file(PASS_MARK, until="2020-12-30"),
        b=rule_file(PASS_MARK, code="b", start="2021-01-01"),
    )

    assert "空档" in finding.message


def test_an_end_without_successor_is_refused() -> None:
    (finding,) = findings_of(a=rule_file(PASS_MARK, until="2020-12-30"))

    assert (finding.line, finding.key) == (7, "effective_until")


def test_a_successor_for_some_qualifications_only_leaves_a_gap_for_the_others() -> None:
    (finding,) = findings_of(
        a=rule_file(PASS_MARK, until="2020-12-31"),
        b=rule_file(PASS_MARK, code="b", start="2021-01-01", applies_to='["special-1"]'),
    )

    assert finding.file == "a.toml"


def test_an_end_before_the_start_is_refused() -> None:
    findings = findings_of(a=rule_file(PASS_MARK, until="2019-01-01"))

    assert "早于" in findings[0].message


def test_direct_succession_is_sound() -> None:
    sources = read(
        a=rule_file(PASS_MARK, until="2020-12-31"),
        b=rule_file(PASS_MARK, code="b", start="2021-01-01"),
    )

    assert len(sources) == 2


def test_two_files_that_state_one_key_need_different_precedence() -> None:
    (finding,) = findings_of(a=rule_file(PASS_MARK), b=rule_file("", PASS_MARK, code="b", family="g"))

    assert (finding.file, finding.line, finding.key) == ("b.toml", FIRST_KEY_LINE + 1, "values.theory_pass_mark")
    assert read(a=rule_file(PASS_MARK), b=rule_file(PASS_MARK, code="b", family="g", precedence=11))


def test_a_newer_version_replaces_the_older_without_overlap() -> None:
    assert len(read(a=rule_file(PASS_MARK), b=rule_file(PASS_MARK, version=2))) == 2


def test_one_version_cannot_stand_in_two_files() -> None:
    (finding,) = findings_of(a=rule_file(PASS_MARK), b=rule_file(PASS_MARK))

    assert (finding.file, finding.line) == ("b.toml", 1)


CATALOGUE = """[[catalogues]]
code = "c"
title = "目录"
stated = true
source = "s"
mark = "V"

[[groups]]
code = "special-1"
title = "电工作业"

[[industries]]
code = "coal"
title = "煤矿"
group = "special-1"
source = "s"

[[items]]
no = "1.1"
title = "高压"
group = "special-1"
catalogue = "c"
note = ""

[[items]]
no = "{no}"
title = "低压"
group = "{group}"
catalogue = "{catalogue}"
note = ""
"""


@pytest.mark.parametrize(
    ("no", "group", "catalogue", "line"),
    [("1.1", "special-1", "c", 26), ("1.2", "special-7", "c", 28), ("1.2", "special-1", "d", 29)],
)
def test_a_defective_catalogue_item_is_named_with_its_line(no: str, group: str, catalogue: str, line: int) -> None:
    with pytest.raises(StandardsDataError) as caught:
        read_catalogue("q.toml", CATALOGUE.format(no=no, group=group, catalogue=catalogue))

    assert [finding.line for finding in caught.value.findings] == [line]
    assert f"q.toml:{line}:" in str(caught.value)


def test_a_missing_field_of_an_item_is_placed_at_the_item() -> None:
    text = CATALOGUE.format(no="1.2", group="special-1", catalogue="c").replace('title = "低压"\n', "")

    with pytest.raises(StandardsDataError) as caught:
        read_catalogue("q.toml", text)

    assert [finding.line for finding in caught.value.findings] == [25]
