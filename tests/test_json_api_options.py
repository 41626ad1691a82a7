"""What a member file may say of a JSON list, and what an error says of a mistake in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harvester import config
from harvester.errors import ConfigurationError
from harvester.options import OPTIONS
from harvester.options.json_api import JsonApiOptions

GOOD = """\
name: {ko: 시험공사}
sector: public
sources:
  list:
    title: 시험 목록
    protocol: json_api
    url: https://portal.example
    path: /api/list
    records: result.data
    identifier: id
    paging: {page: page}
    parameters: {kind: data}
    fields:
      title: name
      keyword: [tags, "words[].text"]
    detail:
      address: /api/one/{identifier}
      fields: {license: terms}
    evidence: assumed
"""


def options(folder: Path, text: str) -> JsonApiOptions:
    (folder / "members").mkdir(exist_ok=True)
    (folder / "members" / "test.yml").write_text(text, encoding="utf-8")
    found = config.members(folder)[0].sources[0].options
    assert isinstance(found, JsonApiOptions)
    return found


def test_the_rules_say_what_is_read_of_a_record(tmp_path: Path) -> None:
    assert options(tmp_path, GOOD).rules == {
        "json_fields": {"title": ("name",), "keyword": ("tags", "words[].text"), "identifier": ("id",)},
        "json_detail": {"license": ("terms",)},
    }


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("records: result.data", "records: result[", 9, ["sources.list.records", "no JMESPath expression"]),
        ("identifier: id", "identifier: nope(id)", 10, ["sources.list.identifier", "no function nope()"]),
        ("      title: name", "      titel: name", 14, ["fields.titel:", "did you mean `title`?"]),
        ("      title: name", "      additional.: name", 14, ["fields.additional.", "no property"]),
        ("[tags,", "[tags.,", 15, ["fields.keyword.0", "no JMESPath"]),
        ("{page: page}", "{first: 2}", 11, ["sources.list.paging", "one way to page is needed"]),
        ("{page: page}", "{page: p, offset: o}", 11, ["one way to page is needed"]),
        ("{page: page}", "{next: links.next, first: 2}", 11, ["`first` goes with"]),
        ("{page: page}", "{offset: o, pages: count}", 11, ["goes with `page`"]),
        ("{page: page}", "{cursor: c}", 11, ["needs `next`"]),
        ("{page: page}", "{page: page, first: a}", 11, ["counted from a number"]),
        ("{page: page}", "{page: page, size: 10}", 11, ["said together"]),
        ("{page: page}", "{pgae: page}", 11, ["paging.pgae", "did you mean `page`?"]),
        ("{kind: data}", "{kind: {a: 1}}", 12, ["parameters: kind: only a JSON body"]),
        ("/api/one/{identifier}", "/api/one/{id}", 17, ["detail.address", "{identifier}"]),
        ("{license: terms}", "{licence: terms}", 18, ["detail.fields.licence:", "did you mean `license`?"]),
        ("    path:", "    preset: ckan\n    path:", 8, ["sources.list.preset", "unknown preset 'ckan'; known: "]),
        ("    path:", "    preset: dataverso\n    path:", 8, ["did you mean dataverse?"]),
    ],
)
def test_a_mistake_is_told_with_file_line_and_key(
    tmp_path: Path, old: str, new: str, line: int, words: list[str]
) -> None:
    shutil.copy(config.default_config() / "presets.yml", tmp_path)
    assert old in GOOD
    with pytest.raises(ConfigurationError) as caught:
        options(tmp_path, GOOD.replace(old, new))
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'members' / 'test.yml'}:{line}: sources.list")
    for word in words:
        assert word in message


def test_a_source_completes_and_overrides_its_preset(tmp_path: Path) -> None:
    head = GOOD.partition("    path:")[0]
    own = "    preset: dataverse\n    parameters: {q: 물}\n    fields: {title: label}\n    evidence: assumed\n"
    found = options(tmp_path, head + own)
    assert found.preset == "dataverse"
    assert found.records == "data.items"
    assert found.parameters == {"q": "물", "type": "dataset", "sort": "date", "order": "asc"}
    assert (found.fields["title"], found.fields["landing_page"]) == (("label",), ("url",))


@pytest.mark.parametrize("name", config.presets(config.default_config()))
def test_every_preset_is_sound_and_stands_in_the_guide(name: str) -> None:
    defaults = config.presets(config.default_config())[name]
    assert OPTIONS["json_api"].model_validate({**defaults, "preset": name}).rules["json_fields"]["title"]
    guide = Path(__file__).parent.parent / "docs" / "maintainers.md"
    assert f"`{name}`" in guide.read_text(encoding="utf-8")
