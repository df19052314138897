"""What other packages may use of grading."""

from grading.appeals import AppealView, appeal_until_on, decide_appeal, file_appeal, list_appeals
from grading.changes import Action, RuleChange, score_attempt
from grading.logged import ResultFold
from grading.practice import Awaiting, list_awaiting_practical
from grading.practising import score_practice
from grading.regrades import (
    RegradeView,
    approve_regrade,
    get_regrade,
    list_regrades,
    preview_regrade,
    propose_regrade,
    reject_regrade,
)
from grading.release import Standing, release_sitting, standing_of
from grading.scores import find_unfaithful_scores
from grading.scoring import FormScore, Rule, SlotRule, score_form
from grading.sheets import confirm_practical_sheet, get_sheet, record_practical_sheet, settle_practical_sheet
from grading.signed import SheetView
from grading.views import (
    ResultView,
    find_released_result,
    find_result,
    find_result_by_id,
    list_person_results,
    list_results,
    list_results_of,
    list_versions,
)
from grading.written import count_waiting as count_waiting_answers

__all__ = [
    "Action",
    "AppealView",
    "Awaiting",
    "FormScore",
    "RegradeView",
    "ResultFold",
    "ResultView",
    "Rule",
    "RuleChange",
    "SheetView",
    "SlotRule",
    "Standing",
    "appeal_until_on",
    "approve_regrade",
    "confirm_practical_sheet",
    "count_waiting_answers",
    "decide_appeal",
    "file_appeal",
    "find_released_result",
    "find_result",
    "find_result_by_id",
    "find_unfaithful_scores",
    "get_regrade",
    "get_sheet",
    "list_appeals",
    "list_awaiting_practical",
    "list_person_results",
    "list_regrades",
    "list_results",
    "list_results_of",
    "list_versions",
    "preview_regrade",
    "propose_regrade",
    "record_practical_sheet",
    "reject_regrade",
    "release_sitting",
    "score_attempt",
    "score_form",
    "score_practice",
    "settle_practical_sheet",
    "standing_of",
]
