"""Which entry of the navigation a page stands under."""

import pytest

from exam.web.navigation import entry_of
from exam.web.plugin import NavItem

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
