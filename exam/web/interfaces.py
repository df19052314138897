"""The OpenAPI document of what strangers and partners call; a handler is in it that says `include_in_schema`."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

import msgspec
from litestar import Request, Router
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIMediaType,
    Operation,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
    Server,
)

from exam.web.policy import PUBLIC
from exam.web.problem import Problem

PATH = "/api/openapi"
BY_TOKEN: Final[list[dict[str, list[str]]]] = [{"token": []}]
BY_SIGNATURE: Final[list[dict[str, list[str]]]] = [{"signature": []}]
BY_CERTIFICATE: Final[list[dict[str, list[str]]]] = [{"certificate": [], "signature": []}]
_SCHEMES: dict[str, SecurityScheme | Reference] = {
    "token": SecurityScheme(
        type="http", scheme="bearer", description="A token for certain acts, issued on the page of data exchange."
    ),
    "signature": SecurityScheme(
        type="apiKey",
        name="webhook-signature",
        security_scheme_in="header",
        description="Standard Webhooks: over webhook-id, webhook-timestamp and the bytes of the body.",
    ),
    "certificate": SecurityScheme(type="mutualTLS", description="The client certificate registered for the node."),
}
_REFUSED = {
    "description": "Refused; `code` names the condition.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class Interfaces(JsonRenderPlugin):
    """Writes the document with refusals as they are answered, and with each act's first sentence as its summary."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the document as JSON."""
        _, told = msgspec.json.schema_components((Problem,), ref_template="#/components/schemas/{name}")
        openapi_schema["components"]["schemas"].update(told)
        for acts in openapi_schema["paths"].values():
            for act in acts.values():
                act["responses"] = {key: each for key, each in act["responses"].items() if key != "400"}
                act["responses"]["default"] = _REFUSED
                act["summary"] = act["description"].partition("\n")[0]
        return super().render(request, openapi_schema)


def with_body(content: Mapping[str, Schema | Reference]) -> type[Operation]:
    """Return how a call is described whose body the handler reads itself, by media type: its bytes are signed."""

    @dataclass
    class WithBody(Operation):
        def __post_init__(self) -> None:
            told = {kind: OpenAPIMediaType(schema=schema) for kind, schema in content.items()}
            self.request_body = RequestBody(content=told, required=True)

    return WithBody


def described(base_url: str) -> OpenAPIConfig:
    """Return what serves the document as JSON; no page of a viewer, whose scripts would come from elsewhere."""
    return OpenAPIConfig(
        title="Ankao",
        version=version("ankao"),
        servers=[Server(url=base_url)],
        components=Components(security_schemes=_SCHEMES),
        use_handler_docstrings=True,
        openapi_router=Router(PATH, route_handlers=[], include_in_schema=False, opt=PUBLIC),
        render_plugins=[Interfaces(path="/openapi.json")],
    )
