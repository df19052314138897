"""What can go wrong between a bank and a form on a screen."""

from exam.core.errors import ConflictError, Kind, NotFoundError
from questionbank.blueprints.feasibility import Obstacle
from questionbank.forms.decks import BlueprintInfeasibleError


class TargetMissedError(ConflictError):
    """Forms of a trial are predicted to miss the blueprint's target of difficulty or reliability."""

    code = "target_missed"
    message = "试组的 {forms} 份试卷中有 {missed} 份的预计难度或信度超出允许偏差。请增加题数、补充试题或放宽目标。"


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


class FamilyConstraintError(BlueprintInfeasibleError):
    """With one item of each family of near-duplicates at most, no form fills every cell; the first short one is named."""

    code = "family_constraint"
    message = "近似题每卷至多一道时,第 {cell} 格需要 {need} 题,至多只能凑出 {have} 题。请补充试题或放宽约束。"


class EnemyConstraintError(BlueprintInfeasibleError):
    """With one item of each set of enemies at most, no form fills every cell; the first short one is named."""

    code = "enemy_constraint"
    message = "互斥试题每卷至多一道时,第 {cell} 格需要 {need} 题,至多只能凑出 {have} 题。请补充试题或放宽约束。"


class FreshConstraintError(BlueprintInfeasibleError):
    """No form can hold so many new items."""

    code = "fresh_constraint"
    message = "细目表要求每卷新题 {low} 至 {high} 道,题库只能做到 {least} 至 {most} 道。"


class MeanConstraintError(BlueprintInfeasibleError):
    """No form can be of this mean difficulty."""

    code = "mean_constraint"
    message = "细目表要求平均难度 {low} 至 {high},题库只能做到 {least} 至 {most}。"


class SpreadConstraintError(BlueprintInfeasibleError):
    """No form can have this spread of difficulty."""

    code = "spread_constraint"
    message = "细目表要求难度离散 {low} 至 {high},题库只能做到 {least} 至 {most}。"


class ExposureConstraintError(BlueprintInfeasibleError):
    """The pool has too few items for a cell to keep each below the greatest exposure."""

    code = "exposure_constraint"
    message = "第 {cell} 格的可用试题太少:要不超过最大曝光,应有 {need} 道,现有 {have} 道。共 {short} 格不足。"


_OF_CELLS = {
    "cell": PoolTooSmallError,
    "exposure": ExposureConstraintError,
    "family": FamilyConstraintError,
    "enemy": EnemyConstraintError,
}
_OF_SUMS = {"fresh": FreshConstraintError, "mean": MeanConstraintError, "spread": SpreadConstraintError}


def infeasible(obstacle: Obstacle) -> BlueprintInfeasibleError:
    """Return the error that tells of an obstacle; `shortages` holds every short cell."""
    if obstacle.constraint in _OF_SUMS:
        (low, high), (least, most) = obstacle.asked, obstacle.possible
        return _OF_SUMS[obstacle.constraint](low=low, high=high, least=least, most=most)
    first, short = obstacle.shortages[0], list(obstacle.shortages)
    return _OF_CELLS[obstacle.constraint](
        cell=first.cell + 1, need=first.need, have=first.have, short=len(short), shortages=short
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
