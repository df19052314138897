"""Published permits and penalties: what a row must hold, and files that hold text as text."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # type: ignore[import-untyped]

from exam.core.sheets.reader import read_workbook
from exam.records.credit.errors import AmountError, PublicationTermError
from exam.records.credit.limits import load_terms
from exam.records.credit.money import parse_wan, show_wan
from exam.records.credit.publicity import check, load_standard, show_amount, write_json, write_xlsx, write_xml

USCC = "91350100M000100Y43"
PENALTY = {
    "party_name": '=HYPERLINK("http://x")',
    "party_kind": "法人及非法人组织",
    "party_code_1": USCC,
    "document_no": "西应急罚〔2026〕5号",
    "conduct": "无证上岗",
    "facts": "一人无证上岗 & <作业>",
    "basis": "安全生产法",
    "kinds": "罚款",
    "content": "罚款一万元",
    "fine": "1.000000",
    "decided_on": "2026-11-23",
    "publish_until_on": "2027-02-23",
    "authority": "西湖区应急管理局",
    "source": "西湖区应急管理局",
}


@pytest.mark.parametrize(
    ("changed", "faults"),
    [
        ({}, []),
        ({"party_code_1": "91350100M000100Y4Z"}, ["不是统一社会信用代码"]),
        ({"party_code_1": ""}, ["单位缺少统一社会信用代码"]),
        ({"party_kind": "自然人", "party_code_1": ""}, []),
        ({"decided_on": "2026-2-30", "facts": "", "fine": "1e3"}, ["没有填写", "不是金额", "不是日期"]),
        ({"kinds": "罚" * 101}, ["太长"]),
    ],
)
def test_a_row_is_checked_field_by_field(changed: dict[str, str], faults: list[str]) -> None:
    assert [fault.why for fault in check("penalty", PENALTY | changed)] == faults


def test_the_three_files_say_the_same_and_run_nothing() -> None:
    (record,) = json.loads(write_json("penalty", [PENALTY]))["records"]
    assert record == PENALTY
    root = etree.fromstring(write_xml("penalty", [PENALTY]))
    assert {field.tag: field.text for field in root[0]} == PENALTY
    (sheet,) = read_workbook(write_xlsx("penalty", [PENALTY]))
    titles = {field.title: field.code for field in load_standard().of("penalty")}
    assert {titles[title]: cell for title, cell in zip(*sheet.rows, strict=True) if cell} == PENALTY
    assert not load_standard().mark.binds


@given(st.decimals(min_value=0, max_value=1_000_000, places=6))
def test_an_amount_is_kept_to_the_last_place(amount: Decimal) -> None:
    assert parse_wan(show_wan(amount)) == amount
    assert parse_wan(show_amount(amount)) == amount


@pytest.mark.parametrize("text", ["-1", "1e3", "NaN", "１", "0.0000001", "1000001", "1.2.3", "."])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(AmountError):
        parse_wan(text)


def test_a_term_of_publication_fits_how_grave_it_is() -> None:
    for severity in load_terms().severity:
        severity.require(severity.min_months)
        severity.require(severity.max_months)
        for months in (severity.min_months - 1, severity.max_months + 1):
            with pytest.raises(PublicationTermError):
                severity.require(months)
