"""What can go wrong between a bank and a form on a screen."""

from exam.core.errors import ConflictError, Kind, NotFoundError
from questionbank.forms.decks import BlueprintInfeasibleError


class NoPublishedBlueprintError(ConflictError):
    """Nobody has published how the forms of this qualification are made up."""

    code = "no_published_blueprint"
    message = "「{qualification}」还没有已发布的组卷细目表,请题库发布员先发布。"


class PoolTooSmallError(BlueprintInfeasibleError):
    """The published items cannot fill the blueprint; the first short cell (from 1) is named, `shortages` holds all."""

    code = "pool_too_small"
    message = (
        "题库不足,无法组卷:第 {cell} 格需要 {need} 题,题库有 {have} 题(共 {short} 格不足)。"
        "请补充并发布试题,或调整细目表。"
    )


class NoFormLeftError(ConflictError):
    """The sitting has no form for this candidate and no unused standby form."""

    code = "no_form_left"
    message = "本场次已没有可用试卷(备用卷已用完)。请联系考务人员补充组卷。"


class FormStillSealedError(ConflictError):
    """The view may not be opened yet; `opens_at` is an ISO instant or empty when no time is known."""

    code = "form_still_sealed"
    message = "试卷尚未到开启时间。"


class FormsNotPreparedError(NotFoundError):
    """No form has been made for this sitting."""

    code = "forms_not_prepared"
    message = "本场次尚未组卷。"


class LocalSealRefusedError(ConflictError):
    """A production installation may not seal forms under a key that lies on the same machine."""

    kind = Kind.FORBIDDEN
    code = "local_seal_refused"
    message = "生产环境的试卷密钥须由密钥保管人分持,不允许本机密封。"
