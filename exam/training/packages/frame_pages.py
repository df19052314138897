"""A page of ours that holds a package in a frame: its address there, and the one origin that the page lets in."""

from typing import Any

import msgspec
from litestar import Request

from exam.core.runtime import Runtime
from exam.training.lessons.package import MOVE_ON, STANDARDS, WANTED, Package
from exam.training.packages.origin import mint_package, package_origin
from exam.web.headers import CSP

AnyRequest = Request[Any, Any, Any]


def origins_of(request: AnyRequest, runtime: Runtime) -> tuple[str, str | None]:
    """Return the address of our pages, and the origin of packages for them, None where there is none."""
    apart = runtime.settings.package_url
    page_url = runtime.settings.base_url if apart else str(request.base_url)
    return page_url, package_origin(apart, page_url)


def frame_package(
    request: AnyRequest, runtime: Runtime, package: Package | None
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what a template shows a package with, and the headers of its page; both say nothing without one."""
    if package is None:
        return {"package_base": ""}, {}
    page_url, origin = origins_of(request, runtime)
    context: dict[str, Any] = {
        "package_base": "",
        "package_items": msgspec.json.encode(package.items).decode(),
        "standards": STANDARDS,
        "move_on": MOVE_ON,
        "wanted": WANTED,
    }
    if origin is None:
        return context, {}
    secret, at = runtime.secrets.lease, runtime.clock.now()
    base = mint_package(package.folder, package.standard, origin=origin, page_url=page_url, at=at, secret=secret)
    return {**context, "package_base": base}, {"Content-Security-Policy": f"{CSP}; frame-src {origin}"}
