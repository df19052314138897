"""Composing the web application: templates, static files, guards, errors, health."""

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from litestar import Litestar
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig
from litestar.types import ASGIApp

from exam.core.clock import SHANGHAI
from exam.core.config import Profile
from exam.core.errors import DomainError
from exam.core.runtime import Runtime
from exam.web import dependencies, problem
from exam.web.assets import static_urls
from exam.web.controllers import HealthController, PreferenceController
from exam.web.format import FILTERS
from exam.web.front import FrontDoor
from exam.web.headers import apart, same_site_only, shell_middleware
from exam.web.i18n import Catalogue, language
from exam.web.interfaces import described
from exam.web.navigation import entry_of, nav
from exam.web.plugin import Plugin
from exam.web.policy import PUBLIC, enforce, policy_table
from exam.web.readable import require_readable_request
from exam.web.request import csrf_value, flash, login_left_s, theme

BODY_LIMIT = 12 * 1024 * 1024
NO_SLOTS: Mapping[str, Sequence[str]] = {"terminal": ()}
ANSWER_PATHS = "^/api/attempts/"


def _environment(plugins: Sequence[Plugin], catalogue: Catalogue, slots: Mapping[str, Sequence[str]]) -> Environment:
    packages = ["exam.web", *(plugin.package for plugin in plugins)]
    found = [name for name in packages if (files(name) / "templates").is_dir()]
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in found]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    for plugin in plugins:
        environment.filters.update(plugin.filters)
        environment.globals.update(plugin.words)
    environment.globals.update(
        _=catalogue.for_templates(),
        by_parts=catalogue.by_parts,
        language=language,
        nav=nav,
        entry_of=entry_of,
        slots=slots,
        static=static_urls(_static_folders(plugins)),
        theme=theme,
        flash=flash,
        login_left_s=login_left_s,
        csrf_value=csrf_value,
        SHANGHAI=SHANGHAI,
    )
    return environment


def _static_folders(plugins: Sequence[Plugin]) -> dict[str, Path]:
    """Return the static folder of each package by its leaf name, which is its segment under /static/."""
    shell = Path(str(files("exam.web"))) / "static"
    folders = {"vendor": shell / "vendor"}
    for package in ["exam.web", *(plugin.package for plugin in plugins)]:
        leaf = package.rpartition(".")[2]
        folder = Path(str(files(package))) / "static" / leaf
        if folder.is_dir():
            folders[leaf] = folder
    return folders


def _static_route(leaf: str, folder: Path) -> Any:
    folder.mkdir(exist_ok=True)
    return create_static_files_router(
        path=f"/static/{leaf}", directories=[folder], opt={**PUBLIC, "exclude_from_csrf": True}, name=f"static-{leaf}"
    )


def build_shell(
    runtime: Runtime,
    plugins: Sequence[Plugin],
    *,
    middleware: Sequence[Callable[[ASGIApp], ASGIApp]] = (),
    slots: Mapping[str, Sequence[str]] = NO_SLOTS,
) -> Litestar:
    """Return the application; raises UndeclaredRouteError when a route has no policy.

    `slots` names the templates of upper packages that a lower page includes (crossing rule 5).
    """
    catalogue = Catalogue(["exam.core", "exam.web", *(plugin.package for plugin in plugins)])
    handlers: list[Any] = [HealthController, PreferenceController]
    handlers += [handler for plugin in plugins for handler in plugin.handlers]
    doors = [FrontDoor(raw) for plugin in plugins for raw in plugin.raw]
    app = Litestar(
        [*handlers, *(_static_route(leaf, folder) for leaf, folder in _static_folders(plugins).items())],
        state=State({"catalogue": catalogue, "plugins": tuple(plugins)}),
        template_config=TemplateConfig(
            instance=JinjaTemplateEngine.from_environment(_environment(plugins, catalogue, slots)),
        ),
        dependencies={
            "runtime": Provide(dependencies.provide_runtime, sync_to_thread=False),
            "principal": Provide(dependencies.provide_principal, sync_to_thread=False),
            "session": Provide(dependencies.provide_session),
            "bank_session": Provide(dependencies.provide_bank_session),
            **{name: given for plugin in plugins for name, given in plugin.dependencies.items()},
        },
        guards=[enforce],
        before_request=require_readable_request,
        csrf_config=CSRFConfig(
            secret=runtime.secrets.cookie.hex(),
            cookie_secure=runtime.settings.base_url.startswith("https:"),
            cookie_samesite="lax",
            exclude=[ANSWER_PATHS],
        ),
        exception_handlers={DomainError: problem.answer, HTTPException: problem.answer, Exception: problem.answer},
        openapi_config=described(runtime.settings.base_url),
        include_in_schema=False,
        request_max_body_size=BODY_LIMIT,
        lifespan=[*(part for plugin in plugins for part in plugin.lifespan), *(door.open for door in doors)],
        debug=False,
    )
    bind_runtime(app, runtime)
    policy_table(app)
    # outside the router, which answers unknown addresses before any middleware of its own
    for layer in (*reversed(middleware), same_site_only, problem.answer_layers, shell_middleware):
        app.asgi_handler = layer(app.asgi_handler)
    app.asgi_handler = apart(urlsplit(runtime.settings.package_url).netloc, app.asgi_handler)
    for door in doors:
        app.asgi_handler = door.before(app.asgi_handler)
    return app


def bind_runtime(app: Litestar, runtime: Runtime) -> None:
    """Let an application whose lifespan is not running serve a runtime; secrets of cookies stay those it was built with."""
    app.state.runtime = runtime
    engine = app.template_engine
    if not isinstance(engine, JinjaTemplateEngine):
        raise TypeError(engine)
    engine.engine.globals.update(
        demo=runtime.settings.profile is Profile.DEMO,
        now=runtime.clock.now,
        idle_s=runtime.settings.session_idle_min * 60,
    )


def route_handlers(app: Litestar) -> list[HTTPRouteHandler]:
    """Return every HTTP handler, for tests that walk them all."""
    return [handler for route in app.routes for handler in getattr(route, "route_handlers", [])]
