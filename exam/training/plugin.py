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
from exam.training.jobs import SETTLE
from exam.training.ledger.controllers import HoursApiController, HoursController
from exam.training.ledger.learner_pages import LearnerHoursController
from exam.training.programmes.pages import ProgrammesController
from exam.training.settling import run_settle
from exam.web.plugin import Plugin

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
    ),
    jobs=(Job(SETTLE, run_settle),),
)
