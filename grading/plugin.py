"""What grading brings to the composition."""

from exam.web.plugin import NavItem, Plugin
from grading.answer_pages import AnswersController
from grading.assess_pages import AssessApiController, AssessController
from grading.centre_pages import ResultsApiController, ResultsController
from grading.jobs import JOBS
from grading.regrade_pages import RegradeApiController, RegradeController
from grading.result_route import show_terminal_result
from grading.subscribers import SUBSCRIPTIONS

RESULT_PAGES = ("/centre/sittings/*/results", "/centre/sittings/*/regrades/*", "/centre/regrades/*")

PLUGIN = Plugin(
    package="grading",
    handlers=(
        ResultsController,
        ResultsApiController,
        RegradeController,
        RegradeApiController,
        AssessController,
        AssessApiController,
        AnswersController,
        show_terminal_result,
    ),
    subscriptions=SUBSCRIPTIONS,
    jobs=JOBS,
    nav=(
        NavItem("成绩", "/results", ("centre", "regulator"), "report", also=RESULT_PAGES),
        NavItem("实操评分", "/assess", ("assessor",), "clipboard-check"),
        NavItem("简答评阅", "/assess/answers", ("assessor",), "edit"),
    ),
)
