"""Packages of strangers: which are taken apart, which are refused, and where alone their files can be read."""

from datetime import timedelta
from pathlib import Path

import pytest

from exam.core.clock import FrozenClock
from exam.core.errors import NotFoundError
from exam.training.lessons.package import (
    MoveOn,
    Package,
    PackageLesson,
    Standard,
    Tracked,
    Wanted,
    file_name,
    is_met,
)
from exam.training.materials.errors import (
    PackageArchiveError,
    PackageElsewhereError,
    PackageManifestError,
    PackageUnitError,
)
from exam.training.materials.package_maker import make_package
from exam.training.packages.origin import PREFIX, check_package, mint_package, package_origin
from tests.builders.packages import COURSE, MANIFESTS, cmi5_bytes, scorm_bytes

SECRET = b"s" * 32
PAGE = "http://127.0.0.1:8000/"


def made(tmp_path: Path, data: bytes) -> Package:
    source, folder = tmp_path / "source", tmp_path / "made"
    source.write_bytes(data)
    folder.mkdir(exist_ok=True)
    return make_package(source, folder, lambda _: None)


def test_parts_of_both_standards_are_found_with_what_is_told_to_them(tmp_path: Path) -> None:
    old = made(tmp_path, scorm_bytes())
    assert (old.standard, old.title, old.files) == (Standard.SCORM_12, "用电安全", 4)
    assert [(item.key, item.title, item.href, item.mastery) for item in old.items] == [
        ("i1", "触电急救", "sco/index.html?page=1", "80")
    ]
    assert (tmp_path / "made" / file_name("sco/index.html")).read_text().startswith("<!doctype")
    new = made(tmp_path, scorm_bytes("scorm2004"))
    assert (new.standard, new.title) == (Standard.SCORM_2004, "用电安全")  # of the default organisation, not the first
    assert [(item.key, item.href) for item in new.items] == [("i1", "sco/index.html"), ("i2", "sco/index.html?page=2")]
    assert new.digest != old.digest


def test_units_of_a_cmi5_course_are_found_with_what_satisfies_them(tmp_path: Path) -> None:
    course = made(tmp_path, cmi5_bytes())
    assert (course.standard, course.title) == (Standard.CMI5, "用电安全")
    assert course.publisher == "https://courses.example/electricity"
    assert [(each.title, each.items) for each in course.blocks] == [("第一章", ("au-1",))]
    aid, fire = course.items
    assert (aid.key, aid.title, aid.href) == ("au-1", "触电急救", "unit/index.html?unit=1")
    assert (aid.move_on, aid.mastery, aid.launch) == (MoveOn.BOTH, "0.8", "level=2")
    assert (fire.move_on, fire.publisher) == (MoveOn.NOT_APPLICABLE, "https://courses.example/electricity/fire")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (cmi5_bytes(course="<courseStructure/>"), PackageManifestError),
        (cmi5_bytes(course=f"<!DOCTYPE m [<!ENTITY a 'b'>]>{COURSE.partition('?>')[2]}"), PackageManifestError),
        (cmi5_bytes(course=COURSE.replace("<au ", "<x ").replace("</au>", "</x>")), PackageManifestError),
        (cmi5_bytes(course=COURSE.replace("unit/index", "https://a.b/x")), PackageElsewhereError),
        (cmi5_bytes(course=COURSE.replace("unit/index", "../x")), PackageElsewhereError),
        (cmi5_bytes(course=COURSE.replace("0.80", "1.01")), PackageUnitError),
        (cmi5_bytes(course=COURSE.replace("0.80", "NaN")), PackageUnitError),
        (cmi5_bytes(course=COURSE.replace("CompletedAndPassed", "Always")), PackageUnitError),
        (cmi5_bytes(course=COURSE.replace("electricity/fire", "electricity/aid")), PackageUnitError),
        (cmi5_bytes(course=COURSE.replace("?unit=2", "?endpoint=x")), PackageUnitError),
        (b"PK\x03\x04 no zip", PackageArchiveError),
        (scorm_bytes(more={"../../evil.html": "x"}), PackageArchiveError),
        (scorm_bytes(more={"inner.zip": "PK\x03\x04..."}), PackageArchiveError),
        (scorm_bytes(more={"bomb.txt": "0" * 30_000_000}), PackageArchiveError),
        (scorm_bytes(manifest=""), PackageManifestError),
        (scorm_bytes(manifest="<manifest"), PackageManifestError),
        (scorm_bytes(manifest=MANIFESTS["scorm12"].replace("1.2<", "9.9<")), PackageManifestError),
        (scorm_bytes(manifest=f"<!DOCTYPE m [<!ENTITY a 'b'>]>{MANIFESTS['scorm12']}"), PackageManifestError),
        (scorm_bytes(manifest=MANIFESTS["scorm12"].replace("identifierref", "x")), PackageManifestError),
        (scorm_bytes(manifest=MANIFESTS["scorm12"].replace("sco/index", "https://a.b/x")), PackageElsewhereError),
        (scorm_bytes(manifest=MANIFESTS["scorm12"].replace("sco/index", "//a.b/x")), PackageElsewhereError),
        (scorm_bytes(manifest=MANIFESTS["scorm12"].replace("sco/index", "none")), PackageElsewhereError),
    ],
)
def test_what_is_hostile_or_not_whole_is_refused(tmp_path: Path, data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        made(tmp_path, data)


def test_every_part_must_have_what_the_lesson_wants(tmp_path: Path) -> None:
    package = made(tmp_path, scorm_bytes("scorm2004"))
    one, two = (Tracked(item=key, completion="completed", success="passed") for key in ("i1", "i2"))
    failed = Tracked(item="i2", completion="completed", success="failed")
    course = PackageLesson(package=made(tmp_path, cmi5_bytes()), least_s=60, wanted=Wanted.COMPLETED)
    first = Tracked(item="au-1", completion="completed")
    assert not is_met(course, [first])
    assert is_met(
        course, [Tracked(item="au-1", completion="completed", success="passed")]
    )  # the other asks for nothing
    completed = PackageLesson(package=package, least_s=60, wanted=Wanted.COMPLETED)
    passed = PackageLesson(package=package, least_s=60, wanted=Wanted.PASSED)
    assert not is_met(completed, [one])
    assert is_met(completed, [one, failed])
    assert not is_met(passed, [one, failed])
    assert is_met(passed, [one, two])


def test_address_of_a_package_works_at_its_own_host_alone_and_not_for_ever(clock: FrozenClock) -> None:
    origin = package_origin("", PAGE)
    assert origin == "http://localhost:8000"
    assert package_origin("", "https://exam.example.cn/") is None
    assert (
        package_origin("https://exam.example.cn", "https://exam.example.cn/") is None
    )  # an origin of its own, or none
    assert package_origin("https://p.example.cn", "https://exam.example.cn/") == "https://p.example.cn"
    address = mint_package("materials/1", "scorm12", origin=origin, page_url=PAGE, at=clock.now(), secret=SECRET)
    token = address.removeprefix(origin + PREFIX).rstrip("/")
    assert check_package(token, "localhost:8000", at=clock.now(), secret=SECRET).folder == "materials/1"
    for host, at, given in (
        ("127.0.0.1:8000", clock.now(), token),
        ("localhost:8000", clock.now() + timedelta(hours=13), token),
        ("localhost:8000", clock.now(), "A" + token[1:]),
        ("localhost:8000", clock.now(), "关"),
    ):
        with pytest.raises(NotFoundError):
            check_package(given, host, at=at, secret=SECRET)
