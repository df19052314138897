"""Model files that packages bring: the packages are found and never imported, for they want more than their files."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path


class ModelMissingError(RuntimeError):
    """The package with the model file is not installed."""


@lru_cache(maxsize=8)
def model_file(package: str, name: str) -> Path:
    """Return where a package's model file is; raises ModelMissingError."""
    spec = find_spec(package)
    found = Path(spec.submodule_search_locations[0]) / name if spec and spec.submodule_search_locations else None
    if found is None or not found.is_file():
        raise ModelMissingError(name)
    return found
