"""Files of national certificates: one content in every format, and what is refused."""

import csv
import io
import json
from datetime import date

import pytest

from certs.national.errors import NationalFieldError, NationalFileError, NationalStateError
from certs.national.reading import TITLES, given_of, read_rows
from exam.core.sheets.writer import write_workbook
from tests.builders.sitting import ELECTRICIAN, id_number

TODAY = date(2026, 11, 27)
ROW = {
    "姓名": "欧阳䶮𬭳㛃",
    "身份证件号码": id_number(7),
    "操作项目": "低压电工作业",
    "电子证照标识": "1.2.156.3005.2.11100000000013338W032",
    "签发机关": "应急管理部",
    "有效期起始日期": "2026年6月10日",
    "有效期截止日期": "2032/06/09",
}


def _csv() -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([ROW.keys(), ROW.values()])
    return out.getvalue().encode()


def _xml() -> bytes:
    names = {title: column for column, title in TITLES.items()}
    cells = "".join(f"<{names[title]}>{value}</{names[title]}>" for title, value in ROW.items())
    return f"<list xmlns='urn:x'><!-- one --><certificate>{cells}</certificate></list>".encode()


@pytest.mark.parametrize(
    "data",
    [
        write_workbook(list(ROW), [list(ROW.values())]),
        _csv(),
        _xml(),
        json.dumps([ROW]).encode(),
        json.dumps({"data": [ROW]}).encode(),
    ],
)
def test_one_certificate_reads_the_same_from_every_format(data: bytes) -> None:
    (row,) = read_rows(data)
    given = given_of(row.cells, TODAY)
    assert (given.name, given.qualification.code, given.number) == (ROW["姓名"], ELECTRICIAN, f"T{id_number(7)}")
    assert (given.issued_on, given.valid_until, given.review_on) == (date(2026, 6, 10), date(2032, 6, 9), None)
    assert id_number(7) not in repr(given)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[1, 2]",
        b"{}",
        b"<a",
        b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a><b><name>&x;</name></b></a>",
        json.dumps([{"姓名": "张三"}]).encode(),
        json.dumps([ROW | {"姓名": 1}]).encode(),
    ],
)
def test_what_holds_no_certificates_is_refused(data: bytes) -> None:
    with pytest.raises(NationalFileError):
        read_rows(data)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"操作项目": "烹饪"}, NationalFieldError),
        ({"有效期截止日期": "2020-01-01"}, NationalFieldError),
        ({"有效期截止日期": "2032-13-01"}, NationalFieldError),
        ({"有效期截止日期": "长期"}, NationalFieldError),
        ({"签发机关": " "}, NationalFieldError),
        ({"证书编号": "T" + id_number(8)}, NationalFieldError),
        ({"证照状态": "注销"}, NationalStateError),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, str], refusal: type[Exception]) -> None:
    (row,) = read_rows(json.dumps([ROW | change]).encode())
    with pytest.raises(refusal):
        given_of(row.cells, TODAY)
