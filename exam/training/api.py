"""What other packages may use of training."""

from exam.training.classes.enrolments import list_enrolments, list_enrolments_of
from exam.training.classes.passes import PassHolder, find_pass_holder
from exam.training.classes.service import get_class, list_classes
from exam.training.classes.views import PRESENT, ClassView, EnrolmentState
from exam.training.kinds import TrainingKind
from exam.training.ledger.attested import record_hours
from exam.training.ledger.entries import HoursEntry, hours_of, list_hours, trained_at
from exam.training.ledger.nodes import Coverage, HoursGap, cover_programme
from exam.training.ledger.replay import Replay
from exam.training.lessons.lease import StudyLease, study_start
from exam.training.lessons.opening import start_visit
from exam.training.practice.mocks import (
    MockSave,
    MockView,
    close_overdue,
    get_mock,
    list_responses,
    save_responses,
    show_mock,
    submit_mock,
)
from exam.training.practice.ports import SCORER, SlotMark
from exam.training.seed_school import SCHOOL_QUALIFICATION, SchoolStaff, SeededLearner, seed_school
from exam.training.settling import replay, run_settle

__all__ = [
    "PRESENT",
    "SCHOOL_QUALIFICATION",
    "SCORER",
    "ClassView",
    "Coverage",
    "EnrolmentState",
    "HoursEntry",
    "HoursGap",
    "MockSave",
    "MockView",
    "PassHolder",
    "Replay",
    "SchoolStaff",
    "SeededLearner",
    "SlotMark",
    "StudyLease",
    "TrainingKind",
    "close_overdue",
    "cover_programme",
    "find_pass_holder",
    "get_class",
    "get_mock",
    "hours_of",
    "list_classes",
    "list_enrolments",
    "list_enrolments_of",
    "list_hours",
    "list_responses",
    "record_hours",
    "replay",
    "run_settle",
    "save_responses",
    "seed_school",
    "show_mock",
    "start_visit",
    "study_start",
    "submit_mock",
    "trained_at",
]
