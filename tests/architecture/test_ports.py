"""Every port that a package declares is answered in the composition."""

import pkgutil
from importlib import import_module

import certs
import exam
import grading
import proctor
import questionbank
from exam.app import all_ports
from exam.core.ports import Port


def _declared() -> list[Port[object]]:
    found = []
    for package in (certs, exam, grading, proctor, questionbank):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith(".ports") and not module.name.startswith("exam.core."):
                found += [each for each in vars(import_module(module.name)).values() if isinstance(each, Port)]
    return found


def test_every_declared_port_is_bound() -> None:
    bound = all_ports()
    declared = _declared()
    assert declared
    assert [port.name for port in declared if port not in bound] == []
