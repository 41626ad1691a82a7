"""Records of JSON lists by the rules of their member file."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester.catalog.model import Catalog, Mapped
from harvester.errors import RecordError
from harvester.mapping import MAPPINGS
from harvester.mapping.declared import PROPERTIES
from harvester.options.json_api import JsonApiOptions

OPTIONS = JsonApiOptions.model_validate(
    {
        "records": "rows",
        "identifier": "key.id",
        "where": "kind != 'file'",
        "landing_page": "/data/it's/{identifier}",
        "fields": {"title": ["name", "names.ko"], "keyword": "tags", "views": "hits", "fee": "join(' ', price)"},
        "detail": {"address": "/detail/{identifier}", "fields": {"license": "terms"}},
    }
)


def catalog(options: JsonApiOptions = OPTIONS) -> Catalog:
    return Catalog(source="test.list", url="https://portal.example", language="ko", rules=options.rules)


def mapped(record: object, format: str = "json_fields") -> Mapped:
    return MAPPINGS[format](orjson.dumps(record), "7", catalog())


def test_the_first_expression_that_finds_something_counts() -> None:
    for name in (None, "", "  ", [], {}):
        assert mapped({"name": name, "names": {"ko": "제목"}}).dataset.title == {"ko": "제목"}
    assert mapped({"name": "앞", "names": {"ko": "뒤"}}).dataset.title == {"ko": "앞"}
    assert mapped({"hits": 0}).counters == {"views": 0}


def test_the_landing_page_is_made_of_the_identifier() -> None:
    assert mapped({"key": {"id": 7}}).dataset.landing_page == "https://portal.example/data/it's/7"


def test_what_no_expression_looks_at_is_unread() -> None:
    record = {"name": "가", "key": {"id": 7}, "kind": "x", "more": 1, "none": None, "empty": "", "list": [], "zero": 0}
    assert mapped(record).unread == ("more", "zero")


def test_a_detail_has_rules_of_its_own() -> None:
    answer = mapped({"terms": "공공누리 제1유형", "name": "가"}, "json_detail")
    assert answer.dataset.license is not None
    assert (answer.dataset.title, answer.unread) == ({}, ("name",))


def test_an_expression_that_fails_leaves_an_issue() -> None:
    (issue,) = mapped({"name": "가", "price": "300"}).issues
    assert (issue.severity, issue.code, issue.field) == ("info", "expression-failed", "fee")
    assert "join(' ', price)" in issue.message


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b'"x"', b"null", b"<html>", b"\xff"])
@pytest.mark.parametrize("format", ["json_fields", "json_detail"])
def test_what_is_no_object_is_a_record_error(payload: bytes, format: str) -> None:
    with pytest.raises(RecordError):
        MAPPINGS[format](payload, "7", catalog())


EVERYTHING = JsonApiOptions.model_validate(
    {"records": "@", "identifier": "a", "fields": {name: ["a", "b.a", "c[].b"] for name in sorted(PROPERTIES)}}
)
junk = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=8), st.sampled_from(["http://[", "2024-13-45", "{", '["a"]', "1,2,3,4", "10 MB"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "c", "name", "title", "url", "de"]), inner, max_size=3),
    ),
    max_leaves=10,
)  # fmt: skip


@given(record=st.dictionaries(st.sampled_from("abc"), junk))
@settings(max_examples=200, deadline=None)
def test_no_value_of_any_property_raises(record: dict[str, object]) -> None:
    MAPPINGS["json_fields"](orjson.dumps(record), "7", catalog(EVERYTHING))
