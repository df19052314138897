"""What training brings to the composition."""

from exam.training.ledger.controllers import HoursApiController, HoursController
from exam.training.ledger.learner_pages import LearnerHoursController
from exam.web.plugin import Plugin

PLUGIN = Plugin(
    package="exam.training",
    handlers=(HoursController, HoursApiController, LearnerHoursController),
)
