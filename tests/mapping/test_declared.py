"""Values by property name become a dataset, however loosely they are typed."""

from __future__ import annotations

from typing import Any

import pytest

from harvester.catalog.model import Catalog, Mapped
from harvester.mapping.declared import PROPERTIES, Found, filling, first_found, is_property, to_mapped

CATALOG = Catalog(source="test.source", url="https://portal.example/base", language="ko", publisher={"ko": "기관"})


def _mapped(values: dict[str, Any]) -> Mapped:
    return to_mapped(Found(values), "1", CATALOG)


def test_values_of_every_kind() -> None:
    mapped = _mapped(
        {
            "title": "제목",
            "description": {"ko": "설명", "en": "text"},
            "keyword": ["가", "나"],
            "landing_page": "/data/1",
            "issued": 20240102,
            "license": "https://www.kogl.or.kr/info/licenseType1.do",
            "format": "CSV",
            "download_url": "files/1.csv",
            "byte_size": "1.5 MB",
            "views": "1,234",
            "additional.dept": "데이터과",
            "contact_name": "담당자",
            "temporal_start": "2020",
            "nothing.known": "?",
        },
    )
    dataset = mapped.dataset
    assert (dataset.title, dataset.description["en"]) == ({"ko": "제목"}, "text")
    assert dataset.keyword == {"ko": ("가", "나")}
    assert dataset.landing_page == "https://portal.example/data/1"
    (distribution,) = dataset.distribution
    assert distribution.download_url == "https://portal.example/base/files/1.csv"
    assert distribution.byte_size == 1_500_000
    assert distribution.format is not None
    assert distribution.format.source == "CSV"
    assert mapped.counters == {"views": 1234}
    assert dataset.additional == {"dept": "데이터과"}
    assert dataset.publisher is not None
    assert dataset.publisher.name == {"ko": "기관"}
    assert dataset.contact_point[0].name == {"ko": "담당자"}
    assert dataset.temporal[0].start == "2020"


def test_files_that_are_listed_one_by_one() -> None:
    files = [{"title": "가", "format": "CSV", "download_url": "/a"}, {"title": None}, "not a file"]
    mapped = _mapped({"title": "제목", "distribution": files})
    assert [one.download_url for one in mapped.dataset.distribution] == ["https://portal.example/a"]


def test_a_format_beside_files_is_that_of_those_that_state_none() -> None:
    files = [
        {"download_url": "/a"},
        {"download_url": "/b", "format": "PDF"},
        {"download_url": "/c", "media_type": "x/y"},
    ]
    values = {"distribution": files, "format": "CSV", "media_type": "text/csv"}
    told = _mapped(values).dataset.distribution
    formats = [(one.format.source if one.format else None, one.media_type) for one in told]
    assert formats == [("CSV", "text/csv"), ("PDF", None), (None, "x/y")]


def test_a_format_with_an_address_is_a_distribution_of_its_own() -> None:
    values = {"distribution": [{"download_url": "/a"}], "format": "API", "endpoint_url": "/api"}
    told = _mapped(values).dataset.distribution
    assert [one.format.source if one.format else None for one in told] == [None, "API"]


@pytest.mark.parametrize("value", [None, 1, 1.5, True, "", "http://[", [], [None, [1]], {}, {"a": {"b": 1}}, "{"])
def test_no_value_of_any_property_raises(value: object) -> None:
    for name in PROPERTIES:
        _mapped({name: value})
    _mapped({**dict.fromkeys(PROPERTIES, value), "additional.x": value})


def test_names_of_properties() -> None:
    assert is_property("title")
    assert is_property("additional.부서")
    assert not is_property("additional.")
    assert not is_property("titel")


def test_zero_and_false_are_said() -> None:
    values = {"additional.fee": 0, "additional.open": False, "additional.none": None, "additional.blank": " "}
    assert _mapped(values).dataset.additional == {"fee": "0", "open": "false"}


def test_rules_that_fill_no_property_are_told_apart() -> None:
    rules = {"json_fields": {"title": ("name",), "identifier": ("id",), "where": ("kind",), "additional.과": ("d",)}}
    assert filling(rules) == {"json_fields": {"title": ("name",), "additional.과": ("d",)}}


def test_the_first_expression_that_finds_something_counts_and_is_named() -> None:
    rules = {"title": ("h1", "h2"), "additional.부서": (".team",), "fee": (".fee", ".cost"), "identifier": ("a@href",)}
    page = {"h2": "제목", ".team": "데이터팀", "a@href": "/1"}
    found = first_found(rules, lambda name, expression: page.get(expression))
    assert found.values == {"title": "제목", "additional.부서": "데이터팀"}
    assert found.places == ("title at `h2`", "additional.부서 at `.team`")
