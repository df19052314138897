"""What the desks bring to the composition."""

from exam.desks.audit_log_pages import AuditLogController, LogFilesController
from exam.desks.audit_pages import AuditController
from exam.desks.controllers import show_front
from exam.desks.draw_pages import DrawsController
from exam.desks.me_pages import CandidateController, CandidateEntranceController
from exam.desks.mock_pages import MockController, MockPageController
from exam.web.plugin import NavItem, Plugin

PLUGIN = Plugin(
    package="exam.desks",
    handlers=(
        show_front,
        CandidateEntranceController,
        CandidateController,
        AuditController,
        AuditLogController,
        LogFilesController,
        DrawsController,
        MockPageController,
        MockController,
    ),
    nav=(
        NavItem("我的考试", "/me", ("candidate",), "user-circle"),
        NavItem("考试处理决定", "/me/incidents", ("candidate",), "gavel"),
        NavItem("我的培训", "/learn", ("candidate",), "school"),
        NavItem("练习与模拟考试", "/learn/practice", ("candidate",), "list-check", also=("/learn/mocks/*",)),
        NavItem("我的学时", "/learn/hours", ("candidate",), "clock"),
        NavItem("培训班", "/centre/training", ("centre",), "school"),
        NavItem("我的课", "/teach", ("teacher",), "school"),
        NavItem("员工培训", "/enterprise/training", ("enterprise",), "school"),
        NavItem("培训监管", "/regulator/training", ("regulator",), "school"),
        NavItem("审计", "/audit", ("auditor",), "history"),
    ),
)
"""The navigation comes last in the list, for the desks stand above every package."""
