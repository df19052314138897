"""Which entry of the navigation a page stands under."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from litestar import Request

from exam.core.principal import Grant, Principal
from exam.web.i18n import Catalogue, choose_language
from exam.web.navigation import entry_of, nav
from exam.web.plugin import NavItem, Plugin

ITEMS = [
    NavItem("场次", "/centre", ("centre",)),
    NavItem("成绩", "/results", ("centre",), also=("/centre/sittings/*/results", "/centre/regrades/*")),
    NavItem("证书", "/centre/credentials", ("centre",)),
]


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/centre", "场次"),
        ("/centre/sittings/1", "场次"),
        ("/centre/sittings/1/results", "成绩"),
        ("/centre/regrades/2", "成绩"),
        ("/centre/credentials/3", "证书"),
        ("/results", "成绩"),
        ("/centres", None),
        ("/", None),
    ],
)
def test_a_page_stands_under_the_entry_that_names_it_or_is_nearest_above(path: str, title: str | None) -> None:
    found = entry_of(ITEMS, path)
    assert (found.title if found else None) == title


def test_an_entry_is_worded_by_its_own_package_on_every_page() -> None:
    plugins = (Plugin(package="questionbank", nav=(NavItem("试题", "/bank/items", ("author",)),)),)
    catalogue = Catalogue(["questionbank", "grading"])
    author = Principal(grants=(Grant("author", "33"),), second_factor=True)
    state = SimpleNamespace(plugins=plugins, catalogue=catalogue)
    request = SimpleNamespace(scope={"user": author}, app=SimpleNamespace(state=state))
    choose_language("en", "")
    try:
        assert [entry.title for entry in nav(cast("Request[Any, Any, Any]", request))] == ["Items"]
        assert catalogue.gettext("试题") == "Item"  # as a page of another package would say it
    finally:
        choose_language("zh-CN", "")
