"""The demo county's credit records: one of a case that went the whole way to its repair, and two listings of the platform."""

import re
from datetime import date, timedelta
from uuid import uuid4

from exam.cli.simulation.staff import StaffRoom
from exam.cli.simulation.wire import Wire
from exam.core.clock import SystemClock, local_date

COUNTY_REGULATOR = 3
"""Which of the demo's regulators is the county's first; the next one confirms what that one has decided."""
HOME, OWN = "/regulator/credit", "/enterprise/credit"
AUTHORITY = "西湖区应急管理局"
RUNNING, OVER = timedelta(days=200), timedelta(days=1300)
"""How long ago the platform listed the enterprise: a listing stands for three years."""
_CASES = re.compile(r'href="/regulator/credit/([0-9a-f-]{36})"')
_RECORD = re.compile(r'href="/regulator/credit/records/([0-9a-f-]{36})"')
_REQUEST = re.compile(r"/regulator/credit/records/requests/([0-9a-f-]{36})")
_FILE = re.compile(r'name="file" value="([^"]+)"')


async def make_credit(staff: StaffRoom, uscc: str) -> None:
    """Let the county find leads, decide the first and grant its repair, and bring in what the platform has told."""
    clerk, head = [await staff.wire("regulator", COUNTY_REGULATOR + each) for each in range(2)]
    party = await staff.wire("enterprise")
    today = local_date(SystemClock().now())
    # the county looks through its posts: who works there without a certificate is a lead
    await clerk.send_form(f"{HOME}/find", {})
    case = _CASES.findall(await clerk.get(HOME))[-1]
    await clerk.send_form(f"{HOME}/{case}/notice", _notice(today))
    await party.send_form(f"{OWN}/{case}/answer", {"text": "情况属实,已安排人员参加最近一期考核,请求从轻处理。"})
    await clerk.send_form(f"{HOME}/{case}/decision", _decision(today))
    await head.send_form(f"{HOME}/{case}/confirm", {})
    (record,) = _RECORD.findall(await clerk.get(f"{HOME}/{case}"))
    done = {"text": "警告已接受,人员已报名参加考核。", "promised": "true"}
    await party.send_form(f"{OWN}/records/{record}/repair", done)
    request = _REQUEST.findall(await clerk.get(f"{HOME}/records/{record}"))[0]
    granted = {"granted": "true", "reason": "已核查,改正属实。"}
    await clerk.send_form(f"{HOME}/records/requests/{request}", granted)
    await _bring_in(clerk, uscc, today)


def _notice(today: date) -> dict[str, str]:
    told = "经查,你单位有人员到岗满六个月未考核合格,拟给予警告。你单位可以陈述申辩。"
    return {"document_no": f"西应急告〔{today.year}〕21号", "text": told}


def _decision(today: date) -> dict[str, str]:
    return {
        "penalised": "true",
        "document_title": "行政处罚决定书",
        "document_no": f"西应急罚〔{today.year}〕17号",
        "conduct": "主要负责人或安全生产管理人员逾期未考核合格",
        "facts": "到岗满六个月仍未考核合格,经告知承认并着手改正。",
        "basis": "《安全生产法》第九十七条第二项",
        "kinds": "警告",
        "content": "给予警告,责令限期改正。",
        "authority": AUTHORITY,
        "decided_on": today.isoformat(),
        "severity": "minor",
        "months": "3",
    }


async def _bring_in(wire: Wire, uscc: str, today: date) -> None:
    """Upload the platform's notices as a browser does, and confirm the dry run."""
    listed = "\n".join(
        f"列入,{uscc},省失信〔{day.year}〕{number}号,省应急管理厅,{day},发生较大生产安全责任事故"
        for number, day in ((9, today - RUNNING), (3, today - OVER))
    )
    content = f"类型,统一社会信用代码,文书号,认定机关,日期,事由\n{listed}\n"
    edge = uuid4().hex
    head = f'--{edge}\r\ncontent-disposition: form-data; name="file"; filename="notices.csv"\r\n\r\n'
    body = f"{head}{content}\r\n--{edge}--\r\n".encode()
    page = await wire.call("POST", f"{HOME}/import", body, {"content-type": f"multipart/form-data; boundary={edge}"})
    await wire.send_form(f"{HOME}/import/confirm", {"file": _FILE.findall(page)[0]})
