"""Libraries of the bench that a foreign program preloads: shipped as source, compiled where they are used."""

import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

from exam.core.errors import DomainError, Kind


class NoCompilerError(DomainError):
    """The library is shipped as source and nothing here can compile it."""

    kind = Kind.UNAVAILABLE
    code = "no_compiler"
    message = "这台机器没有 C 编译器(cc),无法编译压测用的小程序库。请先安装:apt-get install gcc libc6-dev"


def build_library(name: str, folder: Path) -> Path:
    """Compile `name`.c of this package into `folder` and return it; raises NoCompilerError."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise NoCompilerError
    source, library = folder / f"{name}.c", folder / f"{name}.so"
    source.write_text((files("exam.cli.bench") / source.name).read_text(encoding="utf-8"), encoding="utf-8")
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode:
        raise NoCompilerError(error=done.stderr.decode(errors="replace")[-500:])
    library.chmod(0o755)  # the program may run as another user
    return library
