"""统计指标: what every figure counts, written once; pages, files, reports upward and the bench read this list.

A measure is an SQL aggregate over one source: a view or function in which a row is one thing that happened or stands.
Counts add up over regions and days; a share is made of two counts and never added up itself.
"""

from enum import StrEnum

import msgspec


class Dimension(StrEnum):
    """What rows can be told apart by, besides region and day."""

    CATEGORY = "category"
    ITEM = "item"
    CENTRE = "centre"
    INDUSTRY = "industry"


_EXAM = frozenset(Dimension)
_ITEM = frozenset({Dimension.CATEGORY, Dimension.ITEM})


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where rows come from: `table` takes :since and :until or :on, `at` is the instant of a row, empty for what stands."""

    table: str
    at: str = ""
    where: str = "true"
    dimensions: frozenset[Dimension] = _EXAM

    @property
    def stands(self) -> bool:
        """Whether it is counted as of the period's last day, not over its days."""
        return not self.at


SOURCES = {
    "sitting": Source(
        table="records_v_sitting",
        at="starts_at",
        where="opened_at is not null",
        dimensions=_ITEM | {Dimension.CENTRE},
    ),
    "registration": Source(table="records_v_registration", at="registered_at", where="state = 'accepted'"),
    "seat": Source(
        table="records_v_registration",
        at="starts_at",
        where="state = 'accepted' and sitting_state in ('closed', 'released')",
    ),
    "attempt": Source(table="records_v_attempt", at="started_at", where="state <> 'voided'"),
    "outcome": Source(table="records_outcomes_told(:since, :until)", at="told_at"),
    "turn": Source(table="records_v_turn", at="at", dimensions=_ITEM),
    "hours": Source(table="records_v_hours", at="recorded_at", dimensions=_ITEM),
    "incident": Source(table="records_v_incident", at="happened_at"),
    "credential": Source(table="records_credentials_on(:on)", dimensions=_ITEM),
    "enterprise": Source(table="records_enterprises_on(:on)", dimensions=frozenset({Dimension.INDUSTRY})),
}
_USABLE = "status = 'issued' and valid_from_on <= :on and ends_on >= :on"


class Unit(StrEnum):
    """How a figure is written; hours are kept in seconds, a class hour is 45 minutes."""

    COUNT = "count"
    HOURS = "hours"
    SHARE = "share"


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure: `counts` are conditions on the source's rows, `label` and `meaning` are msgids.

    A share has no condition: it is `part` of `whole`, two other measures.
    """

    code: str
    label: str
    meaning: str
    source: str = ""
    rows: str = "true"
    """Which of the source's rows count."""
    adds: str = "1"
    """What each row adds."""
    unit: Unit = Unit.COUNT
    part: str = ""
    whole: str = ""

    @property
    def aggregate(self) -> str:
        if self.adds == "1":
            return f"count(*) filter (where {self.rows})"
        return f"coalesce(sum({self.adds}) filter (where {self.rows}), 0)"


def _turn(code: str, label: str, meaning: str) -> Measure:
    return Measure(code=code, label=label, meaning=meaning, source="turn", rows=f"kind = '{code}'")


def _expiring(days: int) -> Measure:
    return Measure(
        code=f"expiring_{days}",
        label=f"{days} 日内到期",
        meaning=f"有效证书中,最后有效日(有效期满或复审,以先到者为准)在统计期最后一日起 {days} 日之内的;后面的数包含前面的。",
        source="credential",
        rows=f"{_USABLE} and ends_on <= cast(:on as date) + {days}",
    )


def _band(low: int, high: int | None, label: str) -> Measure:
    rows = f"theory_marks >= {low * 100}" + (f" and theory_marks < {high * 100}" if high else "")
    return Measure(
        code=f"marks_{low}",
        label=label,
        meaning="统计期内公布的理论成绩落在这一分数段的人次,更正后按更正的成绩计。",
        source="outcome",
        rows=rows,
    )


BANDS = (
    _band(0, 60, "60 分以下"),
    _band(60, 70, "60–69 分"),
    _band(70, 80, "70–79 分"),
    _band(80, 90, "80–89 分"),
    _band(90, None, "90 分及以上"),
)
"""成绩分布."""

MEASURES: tuple[Measure, ...] = (
    Measure(
        code="registrations",
        label="报名人次",
        meaning="统计期内受理的报名,同一人报两次计两次,不含未受理和已取消的。",
        source="registration",
    ),
    Measure(code="sittings", label="考试场次", meaning="统计期内开考、已开放签到的场次。", source="sitting"),
    Measure(
        code="due",
        label="应考人次",
        meaning="统计期内开考且已结束的场次中,已受理的报名。",
        source="seat",
    ),
    Measure(
        code="attended",
        label="实考人次",
        meaning="应考人次中在考试机上开始作答的,含之后作废的。",
        source="seat",
        rows="attended",
    ),
    Measure(
        code="attendance",
        label="到考率",
        meaning="实考人次占应考人次的比例。",
        unit=Unit.SHARE,
        part="attended",
        whole="due",
    ),
    Measure(
        code="attempts",
        label="开考人次",
        meaning="统计期内在考试机上开始作答的人次,不含作废的。",
        source="attempt",
    ),
    Measure(
        code="over",
        label="有结论人次",
        meaning="统计期内公布成绩、考试已有结论的人次;一次报名只计一次,理论合格、待实操的不计入。",
        source="outcome",
        rows="outcome <> 'outstanding'",
    ),
    Measure(
        code="passed",
        label="合格人次",
        meaning="有结论人次中全部科目合格的,成绩更正后按最后公布的计。",
        source="outcome",
        rows="outcome = 'passed'",
    ),
    Measure(
        code="outstanding",
        label="待实操人次",
        meaning="统计期内公布的成绩合格、还有科目未考的人次。",
        source="outcome",
        rows="outcome = 'outstanding'",
    ),
    Measure(
        code="pass_rate",
        label="合格率",
        meaning="合格人次占有结论人次的比例。",
        unit=Unit.SHARE,
        part="passed",
        whole="over",
    ),
    *BANDS,
    Measure(
        code="issued",
        label="签发证书",
        meaning="统计期内签发的证书,含换发的新证,不含之后被撤销或注销的。",
        source="turn",
        rows="kind = 'issued' and status not in ('revoked', 'annulled')",
    ),
    _turn("suspended", "暂停证书", "统计期内被暂停的证书,同一本暂停两次计两次。"),
    _turn("revoked", "撤销证书", "统计期内被撤销的证书。"),
    Measure(
        code="valid",
        label="有效证书",
        meaning="本辖区签发、统计期最后一日有效且复审没有逾期的证书。",
        source="credential",
        rows=_USABLE,
    ),
    *(_expiring(days) for days in (30, 60, 90)),
    Measure(
        code="lapsed",
        label="过期证书",
        meaning="统计期最后一日已过最后有效日、没有换发、撤销或注销的证书。",
        source="credential",
        rows="status in ('issued', 'suspended') and ends_on < :on",
    ),
    Measure(
        code="hours",
        label="培训学时",
        meaning="统计期内记入的学时,一学时 45 分钟,更正后按更正的计。",
        source="hours",
        adds="seconds",
        unit=Unit.HOURS,
    ),
    Measure(
        code="incidents",
        label="异常事件",
        meaning="统计期内发生、由监考人员报告的异常情况。",
        source="incident",
    ),
    Measure(
        code="incidents_found",
        label="认定违规",
        meaning="异常事件中经两人复核、作出处理的。",
        source="incident",
        rows="disposition <> 'no_finding' and category <> 'organisation_fault'",
    ),
    Measure(
        code="enterprises",
        label="登记企业",
        meaning="统计期最后一日在册的企业,已注销的不计。",
        source="enterprise",
    ),
    Measure(
        code="covered",
        label="持证齐全企业",
        meaning="登记企业中,应持证的岗位都有有效证书的;没有登记人员的不算。",
        source="enterprise",
        rows="wanted > 0 and wanted = valid",
    ),
)
BY_CODE = {measure.code: measure for measure in MEASURES}
