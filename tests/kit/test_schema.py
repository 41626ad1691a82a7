"""The schema of member files agrees with the reader of member files."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harvester import config
from harvester.errors import ConfigurationError
from harvester.kit.schema import member_schema
from harvester.members import HarvestSource, Member
from harvester.options import OPTIONS
from harvester.sample_portals import CORPUS, write_config
from tests.kit.schema_reader import faults

SCHEMA = member_schema()
MEMBERS = sorted((config.default_config() / "members").glob("*.yml"))

GOOD: dict[str, Any] = {
    "name": {"ko": "시험"},
    "sector": "public",
    "sources": {
        "a": {"title": "A", "protocol": "ckan", "url": "https://a.example", "evidence": "assumed", "full_every": "12h"},
        "b": {"title": "B", "protocol": "datagokr", "evidence": "recorded", "organisations": ["시험*"]},
        "c": {"title": "C", "protocol": "spider", "url": "http://c.example", "evidence": "assumed", "spider": "c"},
    },
}


def _wrong(data: Any) -> list[str]:
    return list(faults(SCHEMA, data, SCHEMA))


@pytest.mark.parametrize("file", MEMBERS, ids=lambda file: file.stem)
def test_every_member_file_is_valid(file: Path) -> None:
    assert _wrong(yaml.safe_load(file.read_text(encoding="utf-8"))) == []


def test_every_sample_member_file_is_valid(tmp_path: Path) -> None:
    addresses = dict.fromkeys(("ckan", "dcat", "datagokr", "oai_pmh"), "http://127.0.0.1:1")
    assert list(CORPUS.glob("members/*.yml"))
    for file in write_config(tmp_path / "config", addresses).glob("members/*.yml"):
        assert _wrong(yaml.safe_load(file.read_text(encoding="utf-8"))) == [], file


def test_every_key_has_a_description() -> None:
    for protocol, options in OPTIONS.items():
        source = SCHEMA["$defs"][f"source-{protocol}"]
        assert source["description"]
        assert set(source["properties"]) == {
            *(set(HarvestSource.model_fields) - {"member", "key", "options"}),
            *options.model_fields,
        }
        for key, said in source["properties"].items():
            assert said.get("description"), f"{protocol}: {key}"
    assert set(SCHEMA["properties"]) == set(Member.model_fields) - {"id"}
    assert all(said["description"] for said in SCHEMA["properties"].values())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("sector",), None),
        (("name",), "시험"),
        (("name", "kr"), "x"),
        (("homepage",), "a.example"),
        (("sources", "a", "protocol"), "cakn"),
        (("sources", "a", "rows"), 5000),
        (("sources", "a", "row"), 5),
        (("sources", "a", "organisations"), ["x"]),
        (("sources", "a", "url"), None),
        (("sources", "a", "evidence"), "certain"),
        (("sources", "a", "full_every"), "weekly"),
        (("sources", "a", "expect"), {"max_drop": 2}),
        (("sources", "a", "concurrent_requests"), 0),
        (("sources", "b", "organisations"), "시험"),
        (("sources", "b", "details"), ["html"]),
        (("sources", "c", "spider"), "../c"),
        (("sources", "c", "spider"), None),
        (("sources", "A b"), GOOD["sources"]["a"]),
    ],
)
def test_what_the_schema_refuses_the_reader_refuses_too(path: tuple[str, ...], value: Any) -> None:
    data = yaml.safe_load(yaml.safe_dump(GOOD))
    assert _wrong(data) == []
    config.check_member("good", "good", yaml.safe_dump(data))
    holder = data
    for step in path[:-1]:
        holder = holder[step]
    if value is None:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    assert _wrong(data)
    with pytest.raises(ConfigurationError):
        config.check_member("bad", "bad", yaml.safe_dump(data, allow_unicode=True))


KEYS = sorted({key for options in OPTIONS.values() for key in options.model_fields} | set(HarvestSource.model_fields))


@given(
    protocol=st.sampled_from(sorted(OPTIONS)),
    keys=st.sets(st.sampled_from(KEYS) | st.from_regex(r"[a-z_]{1,12}", fullmatch=True), max_size=3),
)
def test_the_two_agree_on_which_keys_there_are(protocol: str, keys: set[str]) -> None:
    known = set(SCHEMA["$defs"][f"source-{protocol}"]["properties"])
    source = {"title": "A", "protocol": protocol, "url": "https://a.example", "evidence": "assumed"}
    source |= {key: "dataverse" if key == "preset" else "any" for key in keys - set(source)}
    unknown = {fault.split(":")[0] for fault in _wrong({**GOOD, "sources": {"a": source}}) if fault.endswith("unknown")}
    assert unknown == {f".sources.a.{key}" for key in keys - known}
    if keys - known:
        with pytest.raises(ConfigurationError, match="unknown key"):
            config.check_member("x", "x", yaml.safe_dump({**GOOD, "sources": {"a": source}}))


@pytest.mark.parametrize(
    ("protocol", "rules"),
    [
        ("json_api", {"records": "list", "identifier": "id", "fields": {"title": "n", "NAME": "n"}}),
        ("html_list", {"rows": "tr", "identifier": "a", "fields": {"title": "a", "NAME": "a"}}),
        ("html_list", {"rows": "tr", "identifier": "a", "fields": {"title": "a"}, "detail": "/{identifier}",
                       "detail_fields": {"NAME": "a"}}),
        ("table", {"identifier": "번호", "columns": {"title": "제목", "NAME": "제목"}}),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("name", "known"), [("title", True), ("additional.전화", True), ("titel", False), ("additional.", False)]
)
def test_editors_know_the_properties_that_rules_fill(
    protocol: str, rules: dict[str, Any], name: str, known: bool
) -> None:
    named = yaml.safe_load(yaml.safe_dump(rules).replace("NAME", name))
    source = {"title": "A", "protocol": protocol, "url": "https://a.example", "evidence": "assumed", **named}
    data = {**GOOD, "sources": {"a": source}}
    assert (not _wrong(data)) is known
    with nullcontext() if known else pytest.raises(ConfigurationError, match="no property is called"):
        config.check_member("x", "x", yaml.safe_dump(data, allow_unicode=True))
