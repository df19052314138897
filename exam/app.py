"""The composition root: the one module that imports every package."""

from litestar import Litestar

from certs import plugin as certs
from certs.api import CredentialFold
from exam.core.audit.folding import FOLDS, Fold
from exam.core.clock import Clock
from exam.core.config import Settings
from exam.core.events import DELIVER, Subscribers, deliver
from exam.core.jobs import Job
from exam.core.ports import Ports, bind
from exam.core.runtime import Runtime, build_runtime
from exam.core.sealed_files import DROP_FILE, drop_file
from exam.delivery import plugin as delivery
from exam.delivery.api import HandInFold, open_attempts
from exam.desks import plugin as desks
from exam.identity import plugin as identity
from exam.identity.middleware import session_middleware
from exam.records import plugin as records
from exam.reports import plugin as reports
from exam.sitting import plugin as sitting
from exam.sitting.api import OPEN_ATTEMPTS
from exam.training import plugin as training
from exam.training.api import SCORER
from exam.web.plugin import Plugin
from exam.web.shell import build_shell
from grading import plugin as grading
from grading.api import ResultFold, score_practice
from proctor import plugin as proctor
from questionbank import plugin as questionbank
from questionbank.api import FormFold

PLUGINS: tuple[Plugin, ...] = (
    identity.PLUGIN,
    questionbank.PLUGIN,
    Plugin(package="exam.standards"),  # its catalogue names the qualifications
    training.PLUGIN,
    sitting.PLUGIN,
    delivery.PLUGIN,
    grading.PLUGIN,
    proctor.PLUGIN,
    certs.PLUGIN,
    records.PLUGIN,
    reports.PLUGIN,
    desks.PLUGIN,
)
"""Bottom-up."""


def all_subscribers() -> Subscribers:
    """Return who hears what, over all packages."""
    return Subscribers(subscription for plugin in PLUGINS for subscription in plugin.subscriptions)


def all_jobs() -> list[Job]:
    """Return every kind of background job."""
    return [Job(DELIVER, deliver), Job(DROP_FILE, drop_file), *(job for plugin in PLUGINS for job in plugin.jobs)]


def all_folds() -> list[Fold]:
    """Return a fresh fold of the log for every package that offers one."""
    return [FormFold(), HandInFold(), ResultFold(), CredentialFold()]


def all_ports() -> Ports:
    """Return who answers what lower packages ask of upper ones (crossing rule 4)."""
    return Ports([bind(OPEN_ATTEMPTS, open_attempts), bind(FOLDS, all_folds), bind(SCORER, score_practice)])


def compose_runtime(settings: Settings, *, clock: Clock | None = None) -> Runtime:
    """Return what every process of the product works with."""
    return build_runtime(settings, all_subscribers(), ports=all_ports(), clock=clock)


SLOTS = {"terminal": ("proctor/_camera_slot.html", "proctor/_reason_slot.html")}
"""Parts of upper packages in pages of lower ones (crossing rule 5)."""


def create_app(runtime: Runtime) -> Litestar:
    """Compose the web application over a runtime."""
    return build_shell(runtime, PLUGINS, middleware=[session_middleware], slots=SLOTS)


def create_media_app(runtime: Runtime, url: str) -> Litestar:
    """Compose a media node, which the web process reaches under `url`: the same shell with this one part."""
    return build_shell(runtime, (proctor.node_plugin(runtime, url),))


async def run_analysis(runtime: Runtime) -> None:
    """Look at the candidates' pictures until cancelled."""
    await proctor.run_analysis(runtime)
