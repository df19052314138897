"""Sentences in the language of the request: the package's own first, Chinese in Chinese punctuation."""

import pytest
from jinja2 import DictLoader, Environment

from exam.web.i18n import Catalogue, choose_language, fill, set_in_chinese


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("演示系统:数据为虚构,请勿录入。", "演示系统：数据为虚构，请勿录入。"),
        ("还有 {n} 题,确定交卷?", "还有 {n} 题，确定交卷？"),
        ("乡镇(街道)", "乡镇（街道）"),
        ("Valkey,占用 {size} MB,连接 {n}", "Valkey，占用 {size} MB，连接 {n}"),
        ("角色「{held}」,再说", "角色「{held}」，再说"),
        ("剩余 01:12:45", "剩余 01:12:45"),
        ("比例 3:1,合格", "比例 3:1，合格"),
        ("共 {total} GB({percent}%)", "共 {total} GB({percent}%)"),
        ("电话:123", "电话:123"),
        ("Plain, English: (yes)?", "Plain, English: (yes)?"),
    ],
)
def test_chinese_is_set_in_its_own_punctuation(typed: str, printed: str) -> None:
    assert set_in_chinese(typed) == printed
    assert set_in_chinese(printed) == printed


@pytest.mark.parametrize(
    ("cookie", "accepted", "chosen"),
    [
        (None, "", "zh-CN"),
        (None, "fr-FR,fr;q=0.9", "zh-CN"),
        (None, "fr,en;q=0.8,zh;q=0.7", "en"),
        (None, "zh-TW,en", "zh-CN"),
        ("en", "zh-CN", "en"),
        ("zh-CN", "en", "zh-CN"),
        ("<script>", "en", "zh-CN"),
    ],
)
def test_what_was_chosen_goes_before_what_the_browser_prefers(cookie: str | None, accepted: str, chosen: str) -> None:
    assert choose_language(cookie, accepted) == chosen


def test_a_page_asks_the_catalogue_of_its_own_package_first() -> None:
    catalogue = Catalogue(["exam.identity", "questionbank"])
    pages = {"identity/a.html": "{{ _('停用') }}", "questionbank/a.html": "{{ _('停用') }}"}
    environment = Environment(loader=DictLoader(pages), autoescape=True)
    environment.globals["_"] = catalogue.for_templates()
    choose_language("en", "")
    try:
        assert environment.get_template("identity/a.html").render() == "Disable"
        assert environment.get_template("questionbank/a.html").render() == "Retire"
    finally:
        choose_language("zh-CN", "")


def test_a_missing_field_stays_visible() -> None:
    assert fill("第 {line} 行:{reason}", {"line": 3}) == "第 3 行:{reason}"


def test_a_sentence_that_counts_has_an_english_singular() -> None:
    days = Catalogue(["exam.records"])
    choose_language("en", "")
    try:
        said = [days.gettext("还有 {n} 天").format(n=n) for n in (0, 1, 2)]
        assert said == ["0 days left", "1 day left", "2 days left"]
        assert fill(days.gettext("有 {n} 行没有通过核对,只能退回。"), {"n": 1}).startswith("1 row has")
    finally:
        choose_language("zh-CN", "")
