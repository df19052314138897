"""The assets of the pages are made anew when what they are made of has changed."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the build hook over a tree in which npm has nothing to do."""
    spec = importlib.util.spec_from_file_location("build_hook", ROOT / "deploy/build_hook.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    node = tmp_path / "node/bin/node"
    modules = tmp_path / "exam/web/frontend/node_modules"
    icons = [f"{module.ICONS}/{name}.svg" for name in ("eye", "microphone")]
    for place in (node, *(modules / name for name in (*module.ASSETS.values(), *icons))):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"<svg><path d='{place.stem}'/></svg>")
    node.write_text("#!/bin/sh\n")
    node.chmod(0o755)
    (modules.parent / "package-lock.json").write_text("{}")
    monkeypatch.setattr(module, "_node", lambda: tmp_path / "node")
    return module


@pytest.fixture
def build(hook: ModuleType, tmp_path: Path) -> Callable[[str], str]:
    """Return what builds with a list of icons and gives their file."""

    def run(icons: str) -> str:
        (tmp_path / "exam/web/icons.txt").write_text(icons)
        hook.AssetHook(str(tmp_path), {}, None, None, str(tmp_path), "wheel").initialize("standard", {})
        return (tmp_path / "exam/web/static/vendor/icons.svg").read_text()

    return run


def test_an_icon_that_is_added_to_the_list_is_built(build: Callable[[str], str]) -> None:
    assert 'id="microphone"' not in build("eye")
    assert 'id="microphone"' in build("eye microphone")


def test_nothing_is_built_twice(build: Callable[[str], str], tmp_path: Path) -> None:
    first = build("eye")
    (tmp_path / "node/bin/node").unlink()
    assert build("eye") == first
