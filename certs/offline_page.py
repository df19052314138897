"""The offline verifier: one HTML file with the pinned keys and the newest status list inside, and no way to any network.

The page's own policy forbids every connection, and names its one script and its one sheet by their digests.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from certs.signing import KeyRing
from exam.standards.api import list_qualifications
from exam.web.i18n import Catalogue, set_in_chinese

_PACKAGES = ("exam.standards", "certs")
_PARTS = ("trust", "ed25519", "digests", "curves", "inflate", "code", "status", "file", "page")
"""Files of the one script, in the order in which they build on each other."""


def render_page(ring: KeyRing, token: str, *, site: str, demo: bool) -> bytes:
    """Return the page with the ring's keys, which it can check in any browser; `token` is from `certs.statuslist.sign_list`, `site` the public address that it names."""
    catalogue = _catalogue()
    data = {
        "keys": [
            {
                "id": key.key_id.hex(),
                "issuer": key.issuer,
                "algorithm": key.algorithm.value,
                "public": base64.b64encode(key.public).decode(),
            }
            for key in ring.keys
        ],
        "list": token,
        "titles": {
            each.code: [each.title, catalogue.english.get(each.title, each.title)] for each in list_qualifications()
        },
    }
    parts = "".join(_source("verifier", f"{part}.js") for part in _PARTS)
    script = f'"use strict";\n(function () {{\n{parts}}})();\n'
    sheet = _source("static", "certs", "public.css") + _source("verifier", "verifier.css")
    page = _environment().get_template("certs/verifier.html")
    text = page.render(
        data=Markup(msgspec.json.encode(data).decode().replace("<", "\\u003c")),  # noqa: S704  # no tag can open in it
        script=Markup(script),  # noqa: S704  # our own file
        sheet=Markup(sheet),  # noqa: S704  # our own file
        script_digest=_integrity(script),
        sheet_digest=_integrity(sheet),
        site=site,
        demo=demo,
    )
    return text.encode()


@cache
def _catalogue() -> Catalogue:
    return Catalogue(_PACKAGES)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("certs"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["_"] = _both
    return environment


def _both(message: str) -> Markup:
    """Return a sentence in both languages; the page shows one of them."""
    english = _catalogue().english[message]
    pair = '<span lang="zh-CN">{}</span><span lang="en">{}</span>'
    return Markup(pair).format(set_in_chinese(message), english)  # noqa: S704  # what is put in is escaped


def _source(*path: str) -> str:
    return files("certs").joinpath(*path).read_text(encoding="utf-8")


def _integrity(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
