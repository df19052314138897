"""What training brings to the composition."""

from exam.training.controllers import HoursApiController, HoursController
from exam.web.plugin import Plugin

PLUGIN = Plugin(package="exam.training", handlers=(HoursController, HoursApiController))
