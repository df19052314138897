"""The OpenAPI document of what strangers and partners call; a handler is in it that says `include_in_schema`."""

from importlib.metadata import version

from litestar import Router
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Server

from exam.web.policy import PUBLIC

PATH = "/api/openapi"


def described(base_url: str) -> OpenAPIConfig:
    """Return what serves the document as JSON; no page of a viewer, whose scripts would come from elsewhere."""
    token = SecurityScheme(type="http", scheme="bearer", description="A token issued on the page of data exchange.")
    return OpenAPIConfig(
        title="Ankao",
        version=version("ankao"),
        servers=[Server(url=base_url)],
        components=Components(security_schemes={"token": token}),
        openapi_router=Router(PATH, route_handlers=[], include_in_schema=False, opt=PUBLIC),
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
    )
