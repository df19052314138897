"""What a newcomer needs to look around: log-ins, and tickets for the sitting that is open now."""

import msgspec
from rich.console import Console
from rich.table import Table

from exam.cli.demonstration.history import read_open_seats
from exam.cli.demonstration.province import LEARNERS_FILE
from exam.cli.simulation.staff import read_demo
from exam.core.config import Settings
from exam.training.api import SeededLearner

SHOWN_TICKETS = 4


def print_logins(console: Console, settings: Settings) -> None:
    """Print the demo's log-ins; their password is the same, and the page shows the code of the second factor."""
    demo = read_demo(settings.data_dir)
    table = Table(title="演示账号 · demo log-ins", title_justify="left")
    for heading in ("账号 login", "角色 role", "姓名 name"):
        table.add_column(heading)
    for login in demo.logins:
        table.add_row(login.login, login.role, login.name)
    console.print(table)
    console.print(
        f"密码 password: {demo.logins[0].password}   第二步验证码显示在登录页 (the page shows the second code)"
    )
    print_learner(console, settings)
    print_tickets(console, settings)


def print_learner(console: Console, settings: Settings) -> None:
    """Print how a learner gets in at home."""
    path = settings.data_dir / LEARNERS_FILE
    if not path.exists():
        return
    learner = msgspec.json.decode(path.read_bytes(), type=list[SeededLearner])[0]
    console.print(
        f"在家学习 · study at home: /me  学员凭证 pass {learner.learner_pass}  身份证号 ID {learner.id_number}"
    )


def print_tickets(console: Console, settings: Settings) -> None:
    """Print how to sit the open exam; nothing before it has been made."""
    seats = read_open_seats(settings.data_dir)
    if not seats:
        return
    table = Table(title="现在可以参加的考试 · an exam to sit now: /terminal", title_justify="left")
    for heading in ("座位 seat", "准考证 ticket", "身份证号 ID number"):
        table.add_column(heading, no_wrap=True)
    for seat in seats[:SHOWN_TICKETS]:
        table.add_row(seat.seat, seat.ticket, seat.id_number)
    console.print(table)
    console.print(
        "1. 打开 /terminal  2. 监考员(proctor)在 /proctor 绑定终端代码  3. 输入准考证和身份证号  4. 监考员核验入场",
    )
