"""What other packages may use of training."""

from exam.training.classes.passes import PassHolder, find_pass_holder
from exam.training.kinds import TrainingKind
from exam.training.ledger.attested import record_hours
from exam.training.ledger.entries import HoursEntry, hours_of, list_hours, trained_at
from exam.training.ledger.nodes import Coverage, HoursGap, cover_programme
from exam.training.ledger.replay import Replay
from exam.training.lessons.lease import StudyLease, study_start
from exam.training.lessons.study import start_visit
from exam.training.seed_school import SCHOOL_QUALIFICATION, SchoolStaff, SeededLearner, seed_school
from exam.training.settling import replay, run_settle

__all__ = [
    "SCHOOL_QUALIFICATION",
    "Coverage",
    "HoursEntry",
    "HoursGap",
    "PassHolder",
    "Replay",
    "SchoolStaff",
    "SeededLearner",
    "StudyLease",
    "TrainingKind",
    "cover_programme",
    "find_pass_holder",
    "hours_of",
    "list_hours",
    "record_hours",
    "replay",
    "run_settle",
    "seed_school",
    "start_visit",
    "study_start",
    "trained_at",
]
