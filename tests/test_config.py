"""Member files: what is read, and what an error says."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from harvester import config
from harvester.errors import ConfigurationError, UsageError
from harvester.options.ckan import CkanOptions
from harvester.options.datagokr import DataGoKrOptions

GOOD = """\
name: {ko: 시험공사, en: Test Corporation}
aliases: [시험]
sector: public
sources:
  portal:
    title: 시험 포털
    protocol: ckan
    url: https://portal.example/
    rows: 100
    full_every: 12h
    evidence: assumed
"""


def _write(folder: Path, text: str, name: str = "test-corp") -> Path:
    (folder / "members").mkdir(exist_ok=True)
    file = folder / "members" / f"{name}.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_member_file_becomes_a_member_with_typed_options(tmp_path: Path) -> None:
    _write(tmp_path, GOOD)
    (member,) = config.members(tmp_path)
    source = member.source("portal")
    assert source is not None
    assert (member.id, member.name.ko, source.name) == ("test-corp", "시험공사", "test-corp.portal")
    assert source.options == CkanOptions(rows=100)
    assert source.url == "https://portal.example"
    assert source.full_every == timedelta(hours=12)
    assert source.allow_private is False


def test_a_protocol_of_one_portal_knows_its_address_and_language(tmp_path: Path) -> None:
    text = GOOD.replace("protocol: ckan", "protocol: datagokr").replace("    url: https://portal.example/\n", "")
    _write(tmp_path, text.replace("    rows: 100\n", "    organisations: [시험*]\n"))
    source = config.members(tmp_path)[0].sources[0]
    assert (source.url, source.language) == ("https://www.data.go.kr", "ko")
    assert source.options == DataGoKrOptions(organisations=("시험*",))


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("rows: 100", "row: 100", 9, ["sources.portal.row", "did you mean `rows`"]),
        ("rows: 100", "rows: 5000", 9, ["sources.portal.rows", "1000"]),
        ("protocol: ckan", "protocol: cakn", 7, ["sources.portal.protocol", "did you mean ckan"]),
        ("url: https://portal.example/", "url: portal.example", 8, ["sources.portal.url", "http(s)"]),
        ("evidence: assumed", "evidence: certain", 11, ["sources.portal.evidence", "recorded"]),
        ("sector: public", "sectr: public", 3, ["sectr", "did you mean `sector`"]),
        ("    evidence: assumed\n", "", 5, ["sources.portal.evidence", "required"]),
        ("aliases: [시험]", "aliases: [시험", 2, ["not valid YAML"]),
        ("sector: public", "sector: public\nsector: health", 4, ["sector", "twice"]),
        ("full_every: 12h", "full_every: weekly", 10, ["sources.portal.full_every", "'weekly'", "7d, 12h"]),
        ("full_every: 12h", "full_every: 99999999999d", 10, ["sources.portal.full_every", "too long"]),
        ("full_every: 12h", "time_limit: 0s", 10, ["sources.portal.time_limit", "longer than nothing"]),
        ("rows: 100", "download_delay: .inf", 9, ["sources.portal.download_delay", "finite"]),
        ("url: https://portal.example/", "url: https://u:p@portal.example", 8, ["sources.portal.url", "password"]),
        ("url: https://portal.example/", "url: 'http://[portal'", 8, ["sources.portal.url", "IPv6"]),
        ("url: https://portal.example/", "url: https://portal.example:99999", 8, ["sources.portal.url", "ort"]),
        ("  portal:", "  ../portal:", 5, ["sources.../portal", "no name"]),
        ("title: 시험 포털", "title: \x01", 6, ["not valid YAML", "characters"]),
        ("title: 시험 포털", "title: 2001-99-99", 6, ["not valid YAML", "month"]),
        ("title: 시험 포털", "title: !!int many", 6, ["not valid YAML", "int"]),
        ("sector: public", "? [a, b]\n: public", 3, ["a key is a word"]),
        ("evidence: assumed", "evidence: asumed", 11, ["'asumed'", "did you mean assumed?"]),
        ("    title: 시험 포털", "\ttitle: 시험 포털", 6, ["not valid YAML", "never with tabs"]),
        ("    protocol: ckan\n", "", 5, ["sources.portal.protocol", "required", "datagokr"]),
        ("sector: public\n", "", 1, ["sector", "required"]),
        ("rows: 100", "organisations: [가]", 9, ["unknown key", "an option of datagokr", "rows"]),
        ("rows: 100", "rows: many", 9, ["sources.portal.rows", "integer", "'many'"]),
        ("title: 시험 포털", "title: [시험, 포털]", 6, ["sources.portal.title", "string", "['시험', '포털']"]),
        ("name: {ko: 시험공사, en: Test Corporation}", "name: 시험공사", 1, ["name", "a mapping is needed"]),
        (
            "name: {ko: 시험공사, en: Test Corporation}",
            "name: {kr: 시험공사}",
            1,
            ["name.kr", "unknown key; known: en, ko"],
        ),
        ("rows: 100", "expect: {max_dorp: 0.1}", 9, ["sources.portal.expect.max_dorp", "did you mean `max_drop`?"]),
        ("rows: 100", "rows: 100\n    rows: 200", 10, ["rows", "twice"]),
        ("  portal:\n    title", "  portal:\n  - title", 5, ["sources.portal", "a source is a mapping"]),
        ("rows: 100", "rows: #100", 9, ["sources.portal.rows", "nothing stands here", "in quotes"]),
        ("rows: 100", "language: korean", 9, ["sources.portal.language"]),
        ("sources:", "source:", 4, ["source: unknown key; did you mean `sources`?"]),
        ("sources:", "sources: []\nx:", 4, ["sources: a mapping is needed", "\n", ":5: x: unknown key"]),
        ("rows: 100", "schedule: * 3 * * 1", 9, ["not valid YAML", 'in quotes: schedule: "* 3 * * 1"']),
        ("rows: 100", "schedule: */5 3 * * 1", 9, ["not valid YAML", "in quotes"]),
        ("aliases: [시험]", "aliases: [*시험]", 2, ["not valid YAML", "in quotes"]),
        ("aliases: [시험]", "aliases: 시험", 2, ["aliases", "a list is needed", "[시험]"]),
        ("title: 시험 포털", "title: files[].{title: name}", 6, ["not valid YAML", "in quotes"]),
        ("title: 시험 포털", "title: 시험: 포털", 6, ["not valid YAML", "in quotes"]),
        ("title: 시험 포털", "title: no", 6, ["sources.portal.title", "a text is needed", "put it in quotes"]),
        ("title: 시험 포털", "title: 2026-01-01", 6, ["YAML reads 2026-01-01 as none: put it in quotes"]),
        ("title: 시험 포털", "title: @", 6, ["not valid YAML", "in quotes"]),
        ("title: 시험 포털", "title: `x`", 6, ["not valid YAML", "in quotes"]),
    ],
)
def test_an_error_names_file_line_and_key(tmp_path: Path, old: str, new: str, line: int, words: list[str]) -> None:
    file = _write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        config.members(tmp_path)
    message = str(caught.value)
    found = int(message.removeprefix(f"{file}:").split(":")[0])
    assert message.startswith(f"{file}:")
    assert abs(found - line) <= (1 if "not valid YAML" in message else 0), message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("spider", "hint"), [("bord", "did you mean board?"), ("nope", "`datamoa new` writes one to start from")]
)
def test_a_spider_that_is_not_there_is_a_mistake_of_the_member_file(tmp_path: Path, spider: str, hint: str) -> None:
    text = GOOD.replace("protocol: ckan", "protocol: spider").replace("rows: 100", f"spider: {spider}")
    file = _write(tmp_path, text)
    (tmp_path / "spiders").mkdir()
    (tmp_path / "spiders" / "board.py").touch()
    with pytest.raises(ConfigurationError) as caught:
        config.members(tmp_path)
    where = "sources.portal.spider: there is no spiders"
    assert str(caught.value) == f"{file}:9: {where}/{spider}.py beside members/; {hint}"
    (tmp_path / "spiders" / f"{spider}.py").touch()
    config.members(tmp_path)


def test_a_file_outside_of_a_configuration_has_no_spiders_to_be_looked_for(tmp_path: Path) -> None:
    text = GOOD.replace("protocol: ckan", "protocol: spider").replace("rows: 100", "spider: board")
    file = tmp_path / "new.yml"
    file.write_text(text, encoding="utf-8")
    assert config.member(file).sources[0].protocol == "spider"


def test_all_mistakes_of_a_file_are_told_at_once_each_with_its_line_and_key(tmp_path: Path) -> None:
    text = GOOD.replace("sector: public", "sectr: public").replace("rows: 100", "rows: many\n    titel: x")
    text = text.replace("    evidence: assumed\n", "    note:\n    expect: {max_drop: 7, min_record: 1}\n")
    text += "  second:\n    title: 둘째\n    protocol: cakn\n    rowz: 1\n    evidence: assumed\n    enabled: maybe\n"
    text += (
        "  third:\n    title: 셋째\n    protocol: json_api\n    preset: zenood\n    url: x\n    evidence: recorded\n"
    )
    file = _write(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        config.members(tmp_path)
    told = str(caught.value).splitlines()
    assert [line.removeprefix(f"{file}:").split(": ")[:2] for line in told] == [
        ["3", "sectr"],
        ["5", "sources.portal.evidence"],
        ["9", "sources.portal.rows"],
        ["10", "sources.portal.titel"],
        ["12", "sources.portal.note"],
        ["13", "sources.portal.expect.max_drop"],
        ["13", "sources.portal.expect.min_record"],
        ["16", "sources.second.protocol"],
        ["19", "sources.second.enabled"],
        ["23", "sources.third.preset"],
        ["24", "sources.third.url"],
    ]
    assert "did you mean `min_records`?" in told[6]
    _write(tmp_path, GOOD.replace("protocol: ckan", "protocol:"))
    config.members.cache_clear()
    with pytest.raises(ConfigurationError, match=r"^[^\n]*:7: sources\.portal\.protocol: nothing stands here[^\n]*$"):
        config.members(tmp_path)


def test_a_mistake_is_told_once_whatever_kinds_of_values_there_may_be(tmp_path: Path) -> None:
    text = GOOD.replace("protocol: ckan", "protocol: json_api").replace(
        "rows: 100", "records: list\n    identifier: id"
    )
    text += "    fields: {titel: a, title: [b, 5]}\n    paging: {page: p, first: [1], sise: 3}\n"
    _write(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        config.members(tmp_path)
    assert [line.split(": ")[1] for line in str(caught.value).splitlines()] == [
        "sources.portal.fields.titel",
        "sources.portal.fields.title.1",
        "sources.portal.paging.first",
        "sources.portal.paging.sise",
    ]


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "a: " + "[" * 3000 + "]" * 3000])
def test_a_file_without_an_end_is_told(tmp_path: Path, text: str) -> None:
    file = _write(tmp_path, text)
    with pytest.raises(ConfigurationError, match="nested too deeply") as caught:
        config.members(tmp_path)
    assert str(caught.value).startswith(f"{file}:")


def test_a_member_is_named_by_its_file(tmp_path: Path) -> None:
    _write(tmp_path, GOOD, name="a b")
    with pytest.raises(ConfigurationError, match="'a b' is no name"):
        config.members(tmp_path)


def test_a_folder_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "members" / "corp.yml").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        config.members(tmp_path)


def test_sources_are_selected_by_member_or_by_name_and_a_wrong_name_is_told_the_nearest(tmp_path: Path) -> None:
    _write(tmp_path, GOOD + GOOD[GOOD.index("  portal:") :].replace("portal:", "second:", 1) + "    enabled: false\n")
    assert [source.name for source in config.select(tmp_path, ())] == ["test-corp.portal"]
    assert [source.name for source in config.select(tmp_path, ("test-corp",))] == ["test-corp.portal"]
    assert [source.name for source in config.select(tmp_path, ("test-corp.second",))] == ["test-corp.second"]
    with pytest.raises(UsageError, match=r"did you mean test-corp\.portal\?"):
        config.select(tmp_path, ("test-corp.portl",))


def test_a_faulty_file_stops_only_what_needs_it(tmp_path: Path) -> None:
    _write(tmp_path, GOOD)
    _write(tmp_path, GOOD.replace("rows: 100", "row: 100"), name="faulty")
    for name in ("test-corp", "test-corp.portal"):
        assert [source.name for source in config.select(tmp_path, (name,))] == ["test-corp.portal"]
    for names in ((), ("faulty",), ("faulty.portal",), ("test-corp", "faulty")):
        with pytest.raises(ConfigurationError, match="did you mean `rows`"):
            config.select(tmp_path, names)
    with pytest.raises(UsageError, match=r"did you mean test-corp\.portal\?"):
        config.select(tmp_path, ("test-corp.portl",))
    with pytest.raises(UsageError, match=r"did you mean faulty\?"):
        config.select(tmp_path, ("fauty",))


def test_a_secret_is_a_reference_and_never_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_KEY", "s3cret")
    assert config.secret("${PORTAL_KEY}") == "s3cret"
    monkeypatch.delenv("PORTAL_KEY")
    with pytest.raises(ConfigurationError, match="PORTAL_KEY"):
        config.secret("${PORTAL_KEY}")
    with pytest.raises(ConfigurationError, match="by name"):
        config.secret("s3cret")


def test_a_folder_without_members_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="members"):
        config.settings(tmp_path / "home", tmp_path)
    (tmp_path / "members").mkdir()
    with pytest.raises(ConfigurationError, match="no member files"):
        config.members(tmp_path)


def test_every_packaged_member_file_is_right() -> None:
    members = config.members(config.default_config())
    assert {source.evidence for member in members for source in member.sources} <= {"recorded", "documented", "assumed"}
    for member in members:
        for source in member.sources:
            assert source.note, f"{source.name}: a source says in a line how we know"
            assert not source.allow_private, f"{source.name}: a member's portal is never on a private address"
            assert source.download_delay is None or source.download_delay >= 1, source.name
