"""The region tree: paths cover by segment, and the packaged data are whole."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.identity import region_tree as tree
from exam.identity.region_tree import RegionLevel

regions = st.sampled_from(tree.load_regions().regions)


def test_the_packaged_tree_has_every_level_of_the_province() -> None:
    counts = Counter(region.level for region in tree.load_regions().regions)

    assert counts == {RegionLevel.PROVINCE: 1, RegionLevel.CITY: 11, RegionLevel.COUNTY: 90, RegionLevel.TOWN: 1387}


def test_the_packaged_tree_agrees_with_the_published_one(outside_data: Path) -> None:
    text = (outside_data / "regions" / "zhejiang.csv").read_text(encoding="utf-8")

    published = {(row["code"], row["name"], row["parent"]) for row in csv.DictReader(text.splitlines())}

    assert published == {(region.code, region.name, region.parent) for region in tree.load_regions().regions}


def test_a_town_lies_under_county_city_and_province() -> None:
    region = tree.load_regions().get("330106002")

    assert region.path == "33/3301/330106/330106002"
    assert tree.load_regions().names(region.path)[:3] == ("浙江省", "杭州市", "西湖区")


def test_no_region_above_the_towns_is_without_children() -> None:
    loaded = tree.load_regions()

    childless = [r.name for r in loaded.regions if r.level is not RegionLevel.TOWN and not loaded.children(r.code)]

    assert childless == []


def test_the_city_without_towns_has_its_one_stand_in() -> None:
    # 龙港市 governs its villages directly; the statistical code gives it a single stand-in at town level.
    assert [town.code for town in tree.load_regions().children("330383")] == ["330383198"]


def test_paths_are_unique_and_codes_come_back_from_them() -> None:
    loaded = tree.load_regions()

    assert len({region.path for region in loaded.regions}) == len(loaded.regions)
    assert all(region.path.rsplit("/", 1)[-1].ljust(6, "0") == region.code for region in loaded.regions)


@given(region=regions)
def test_a_region_lies_in_its_parent_and_not_the_other_way(region: tree.Region) -> None:
    loaded = tree.load_regions()
    assert tree.covers(region.path, region.path)
    assert region.path.count("/") == list(tree.RegionLevel).index(region.level)
    if region.parent:
        parent = loaded.get(region.parent)
        assert tree.covers(parent.path, region.path)
        assert not tree.covers(region.path, parent.path)


@given(one=regions, other=regions)
def test_regions_of_one_level_never_cover_each_other(one: tree.Region, other: tree.Region) -> None:
    if one.level is other.level:
        assert tree.covers(one.path, other.path) == (one == other)


@pytest.mark.parametrize(
    ("parent", "child"),
    [("33/3301", "33/33010"), ("33/3301", "33/33012"), ("33", "331"), ("", "33"), ("33", ""), ("", "")],
)
def test_covering_is_by_segment_and_never_by_digits(parent: str, child: str) -> None:
    assert not tree.covers(parent, child)


@pytest.mark.parametrize(
    "text",
    ["", "3", "33/", "/33", "33/33010", "33/3401", "33/330106", "33/3301/330206", "33/3301/330106/330106001/1", "浙江"],
)
def test_a_broken_path_is_refused(text: str) -> None:
    with pytest.raises(tree.RegionPathError):
        tree.parse_path(text)


def test_a_code_without_a_line_to_the_top_is_unknown() -> None:
    with pytest.raises(tree.UnknownRegionError):
        tree.region_path("330106", {"330106": "330100"})


def test_parents_in_a_circle_are_refused() -> None:
    with pytest.raises(tree.UnknownRegionError):
        tree.region_path("330106", {"330106": "330100", "330100": "330106"})


def test_an_unknown_code_or_path_is_named() -> None:
    loaded = tree.load_regions()

    assert loaded.find("110000") is None
    with pytest.raises(tree.UnknownRegionError):
        loaded.get("110000")
    with pytest.raises(tree.UnknownRegionError):
        loaded.get_by_path("33/3399")
