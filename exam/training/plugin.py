"""What training brings to the composition."""

from exam.core.jobs import Job
from exam.training.attendance.learner_pages import SignController
from exam.training.attendance.record_pages import RecordController
from exam.training.attendance.teacher_pages import TeacherController
from exam.training.bodies.pages import BodiesController
from exam.training.classes.clerk_pages import ClassController, ClassesController
from exam.training.classes.enrol_pages import EnrolmentController
from exam.training.classes.enterprise_pages import EnterpriseTrainingController
from exam.training.classes.learner_pages import LearnerController
from exam.training.classes.regulator_pages import RegulatorTrainingController
from exam.training.cmi5.launch import PREFIX as STORE_PREFIX
from exam.training.cmi5.learner_pages import UnitController
from exam.training.cmi5.route import METHODS, StorePath
from exam.training.completion.pages import (
    ClassCompletionsController,
    CompletionController,
    RegulatorCompletionsController,
    VerifyCompletionController,
)
from exam.training.erasure import run_erase
from exam.training.jobs import CLEAR_UPLOADS, CLOSE_SILENT, ERASE, MAKE, SETTLE
from exam.training.ledger.controllers import HoursApiController, HoursController
from exam.training.ledger.learner_pages import LearnerHoursController
from exam.training.lessons.clerk_pages import LessonsController
from exam.training.lessons.film_pages import FilmController
from exam.training.lessons.learner_pages import LessonController
from exam.training.lessons.study import run_close_silent
from exam.training.lessons.study_route import AnswerPath, BeatPath
from exam.training.materials.making import MOST_TRIES, run_clear_uploads, run_make
from exam.training.materials.pages import MaterialFilmController, MaterialsController
from exam.training.packages.files_route import PackagePath
from exam.training.packages.learner_pages import PackageController
from exam.training.packages.origin import PREFIX
from exam.training.practice.pages import PracticeController
from exam.training.programmes.pages import ProgrammesController
from exam.training.quizzes.clerk_pages import QuizPlanController
from exam.training.quizzes.learner_pages import QuizController
from exam.training.settling import run_settle
from exam.web.front import RawRoute
from exam.web.plugin import Plugin
from exam.web.policy import Policy

PLUGIN = Plugin(
    package="exam.training",
    handlers=(
        HoursController,
        HoursApiController,
        LearnerController,
        LearnerHoursController,
        ProgrammesController,
        BodiesController,
        RegulatorTrainingController,
        ClassesController,
        ClassController,
        EnrolmentController,
        EnterpriseTrainingController,
        TeacherController,
        SignController,
        RecordController,
        LessonsController,
        QuizPlanController,
        LessonController,
        QuizController,
        PackageController,
        UnitController,
        FilmController,
        MaterialsController,
        MaterialFilmController,
        PracticeController,
        CompletionController,
        ClassCompletionsController,
        RegulatorCompletionsController,
        VerifyCompletionController,
    ),
    jobs=(
        Job(SETTLE, run_settle),
        Job(CLOSE_SILENT, run_close_silent, cron="*/5 * * * *"),
        Job(MAKE, run_make, attempts=MOST_TRIES + 1),  # the last one says that it failed
        Job(CLEAR_UPLOADS, run_clear_uploads, cron="25 * * * *"),
        Job(ERASE, run_erase, cron="40 3 * * *"),
    ),
    raw=(
        RawRoute(method="POST", prefix="/api/study/", suffix="/beat", policy=Policy("key"), make=BeatPath),
        RawRoute(method="POST", prefix="/api/study/", suffix="/answer", policy=Policy("key"), make=AnswerPath),
        RawRoute(method="GET", prefix=PREFIX, suffix="", policy=Policy("key"), make=PackagePath),
        *(
            RawRoute(method=method, prefix=STORE_PREFIX, suffix="", policy=Policy("key"), make=StorePath)
            for method in METHODS
        ),
    ),
)
