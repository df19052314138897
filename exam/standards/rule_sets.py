"""The rules that judge one qualification on one date: a frozen value, every number with its source.

The fields of `RuleSet` are the vocabulary of the data files: a key that is no field is refused, and the annotation is
the type and the range that a value must have.
"""

from enum import StrEnum
from typing import Annotated, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from exam.standards.errors import NotStatedError
from exam.standards.marks import Mark

T = TypeVar("T")


class Part(StrEnum):
    """科目: theory on a computer, practice at a station."""

    THEORY = "theory"
    PRACTICAL = "practical"


class Exhausted(StrEnum):
    """What a candidate must do when the attempts are used up."""

    RETRAIN = "retrain"
    REREGISTER = "reregister"


class Education(StrEnum):
    """Least education; NONE is a stated absence of any demand."""

    NONE = "none"
    JUNIOR_MIDDLE = "junior-middle"
    SENIOR_MIDDLE = "senior-middle"


class MultipleScoring(StrEnum):
    """How a multiple choice is marked unless its blueprint says otherwise."""

    ALL_OR_NOTHING = "all-or-nothing"
    PARTIAL = "partial"


class Parameter(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One value of law with its source; `value` is None exactly when it is not stated.

    `rule_set` is the code@version of the file it stands in, or empty when no file speaks of the key.
    """

    key: str
    value: T | None
    stated: bool
    source: str
    mark: Mark
    rule_set: str

    def require(self) -> T:
        """Return the value, or raise `NotStatedError` where work cannot go on without it."""
        if self.value is None:
            raise NotStatedError(key=self.key)
        return self.value


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter in words for a page; `title`, `text` and `mark_label` are Chinese message ids or numbers."""

    key: str
    title: str
    text: str
    source: str
    mark: Mark
    mark_label: str
    rule_set: str
    stated: bool


Parts = Annotated[tuple[Part, ...], Meta(title="考试科目", min_length=1, max_length=2)]
Attempts = Annotated[int, Meta(ge=1, le=100)] | Literal["unlimited"]
Period = Annotated[int, Meta(ge=1, le=60)] | Literal["none"]


class RuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """规则集: what holds for one qualification on one date.

    `version` names the files it was combined from ("order-19@1+104@1+…") and is what applications, attempts and
    credentials store. Marks are hundredths; `*_days` are calendar days, `*_working_days` exclude holidays.
    """

    qualification: str
    version: str

    parts: Parameter[Parts]
    theory_before_practical: Parameter[Annotated[bool, Meta(title="理论合格后方可实操")]]
    theory_duration_min: Parameter[Annotated[int, Meta(title="理论考试时间(分钟)", ge=1, le=600)]]
    theory_full_marks: Parameter[Annotated[int, Meta(title="理论满分", ge=100, le=1_000_00)]]
    theory_pass_mark: Parameter[Annotated[int, Meta(title="理论合格分", ge=100, le=1_000_00)]]
    theory_attempts: Parameter[Annotated[Attempts, Meta(title="理论考试次数")]]
    practical_duration_min: Parameter[Annotated[int, Meta(title="实操考试时间(分钟)", ge=1, le=600)]]
    practical_full_marks: Parameter[Annotated[int, Meta(title="实操满分", ge=100, le=1_000_00)]]
    practical_pass_mark: Parameter[Annotated[int, Meta(title="实操合格分", ge=100, le=1_000_00)]]
    practical_attempts: Parameter[Annotated[Attempts, Meta(title="实操考试次数")]]
    practical_veto_fails: Parameter[Annotated[bool, Meta(title="否决项一票否决")]]
    on_attempts_exhausted: Parameter[Annotated[Exhausted, Meta(title="次数用完后")]]
    random_assembly: Parameter[Annotated[bool, Meta(title="计算机随机组卷")]]
    scoring_multiple: Parameter[Annotated[MultipleScoring, Meta(title="多选题计分")]]
    hand_in_grace_s: Parameter[Annotated[int, Meta(title="交卷宽限(秒)", ge=0, le=600)]]
    pass_validity_months: Parameter[Annotated[int, Meta(title="合格成绩有效期(月)", ge=1, le=120)]]

    apply_anywhere: Parameter[Annotated[bool, Meta(title="可跨省申请")]]
    exam_within_days: Parameter[Annotated[int, Meta(title="申请后组织考试期限(日)", ge=1, le=366)]]
    publish_within_working_days: Parameter[Annotated[int, Meta(title="成绩公布期限(工作日)", ge=1, le=250)]]
    appeal_window_working_days: Parameter[Annotated[int, Meta(title="申请复核期限(工作日)", ge=1, le=250)]]
    application_accept_working_days: Parameter[Annotated[int, Meta(title="受理期限(工作日)", ge=1, le=250)]]
    decision_working_days: Parameter[Annotated[int, Meta(title="决定或发证期限(工作日)", ge=1, le=250)]]
    delivery_working_days: Parameter[Annotated[int, Meta(title="证书送达期限(工作日)", ge=1, le=250)]]
    fee_free: Parameter[Annotated[bool, Meta(title="考核不收费")]]
    public_query: Parameter[Annotated[bool, Meta(title="结果供社会查询")]]

    credential_term_years: Parameter[Annotated[int, Meta(title="证书有效期(年)", ge=1, le=60)]]
    renewal_window_days: Parameter[Annotated[int, Meta(title="期满前申请换证(日)", ge=1, le=366)]]
    review_every_years: Parameter[Annotated[Period, Meta(title="复审周期(年)")]]
    review_window_days: Parameter[Annotated[int, Meta(title="期满前申请复审(日)", ge=1, le=366)]]
    review_training_hours: Parameter[Annotated[int, Meta(title="复审培训学时", ge=1, le=1000)]]
    review_decision_working_days: Parameter[Annotated[int, Meta(title="复审办结期限(工作日)", ge=1, le=250)]]
    long_service_years: Parameter[Annotated[int, Meta(title="延长复审所需从业年限", ge=1, le=60)]]
    long_service_review_every_years: Parameter[Annotated[int, Meta(title="延长后的复审周期(年)", ge=1, le=60)]]
    off_job_months: Parameter[Annotated[int, Meta(title="离岗重新实操考试(月)", ge=1, le=120)]]

    minimum_age_years: Parameter[Annotated[int, Meta(title="最低年龄", ge=1, le=100)]]
    education: Parameter[Annotated[Education, Meta(title="文化程度")]]
    assess_within_months: Parameter[Annotated[int, Meta(title="任职后考核期限(月)", ge=1, le=120)]]
    training_hours_initial: Parameter[Annotated[int, Meta(title="初次培训学时", ge=1, le=1000)]]
    training_hours_yearly: Parameter[Annotated[int, Meta(title="每年再培训学时", ge=1, le=1000)]]
    training_exempt_with_skill_certificate: Parameter[Annotated[bool, Meta(title="持职业技能等级证书免培训")]]

    recording_retention_years: Parameter[Annotated[int, Meta(title="考试录像保存(年)", ge=1, le=100)]]
    training_record_retention_years: Parameter[Annotated[int, Meta(title="培训记录保存(年)", ge=1, le=100)]]
    false_material_ban_years: Parameter[Annotated[int, Meta(title="提供虚假材料不得再申请(年)", ge=1, le=60)]]
    fraud_ban_years: Parameter[Annotated[int, Meta(title="欺骗贿赂取证不得再申请(年)", ge=1, le=60)]]

    suspend_for_inquiry: Parameter[Annotated[bool, Meta(title="暂停:有疑点须核查")]]
    restore_after_inquiry: Parameter[Annotated[bool, Meta(title="恢复:核查后疑点排除")]]
    revoke_for_wrong_issue: Parameter[Annotated[bool, Meta(title="撤销:不符合条件而发证")]]
    revoke_for_fraud: Parameter[Annotated[bool, Meta(title="撤销:欺骗、贿赂等手段取得")]]
    revoke_for_false_record: Parameter[Annotated[bool, Meta(title="撤销:证书记载虚假信息")]]
    revoke_for_accident: Parameter[Annotated[bool, Meta(title="撤销:对生产安全事故负有责任")]]
    revoke_for_unfitness: Parameter[Annotated[bool, Meta(title="撤销:身体条件不再适合")]]
    annul_on_death: Parameter[Annotated[bool, Meta(title="注销:持证人死亡")]]
    annul_on_request: Parameter[Annotated[bool, Meta(title="注销:持证人申请")]]
    reissue_on_change: Parameter[Annotated[bool, Meta(title="姓名或照片变更换发")]]
    review_lapse_voids: Parameter[Annotated[bool, Meta(title="逾期未复审的证书失效")]]
