"""What reports bring to the composition."""

from exam.records.api import ROLE
from exam.reports.file_pages import StatisticsFilesController
from exam.reports.pages import StatisticsController
from exam.reports.submission import reminding, travelling
from exam.reports.submission.pages import ReportsController
from exam.web.plugin import NavItem, Plugin

PLUGIN = Plugin(
    package="exam.reports",
    handlers=(StatisticsController, StatisticsFilesController, ReportsController),
    subscriptions=travelling.SUBSCRIPTIONS,
    jobs=reminding.JOBS,
    nav=(
        NavItem("统计分析", "/regulator/statistics", (ROLE,), "chart-pie"),
        NavItem("报表报送", "/regulator/reports", (ROLE,), "report"),
    ),
)
