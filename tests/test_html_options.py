"""What a member file says of portals in HTML, and what is told of mistakes: file, line, key."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvester import config
from harvester.catalog.vocabularies import Vocabularies
from harvester.errors import ConfigurationError
from harvester.mapping import VERSIONS
from harvester.options.html_list import HtmlListOptions
from harvester.processing import Processor

GOOD = """\
name: {ko: 시험공사}
sector: public
sources:
  portal:
    title: 시험 포털
    protocol: html_list
    url: https://portal.example/base
    path: /list.do
    parameters: {kind: 7}
    paging: {page: pageIndex}
    rows: "#list > li"
    identifier: a@onclick argument 1
    fields:
      title: [h3, "dt:제목"]
    detail: /view.do?id={identifier}
    detail_fields:
      publisher: th:제공기관
    evidence: assumed
"""


def _write(folder: Path, text: str) -> None:
    (folder / "members").mkdir()
    (folder / "members" / "test.yml").write_text(text, encoding="utf-8")


def test_a_source_in_html(tmp_path: Path) -> None:
    _write(tmp_path, GOOD)
    source = config.members(tmp_path)[0].sources[0]
    options = source.options
    assert isinstance(options, HtmlListOptions)
    assert options.parameters == {"kind": "7"}
    assert source.language == "ko"
    assert source.catalog.rules == {
        "html_row": {"title": ("h3", "dt:제목"), "landing_page": ("address:/view.do?id={identifier}",)},
        "html_detail": {"publisher": ("th:제공기관",)},
    }
    # What a fixture or a child process is told of the options is read again as the same.
    assert HtmlListOptions.model_validate_json(options.model_dump_json()) == options


def test_the_example_of_the_guide_is_read_as_it_stands(tmp_path: Path) -> None:
    guide = (config.default_config().parent / "docs" / "maintainers.md").read_text(encoding="utf-8")
    begin = guide.index("```yaml\n", guide.index("### Lists in HTML")) + len("```yaml\n")
    _write(tmp_path, GOOD[: GOOD.index("  portal:")] + guide[begin : guide.index("```", begin)])
    options = config.members(tmp_path)[0].sources[0].options
    assert isinstance(options, HtmlListOptions)
    assert options.detail_fields["description"] == ("th:설명", "th:데이터 설명")


@pytest.mark.parametrize(
    ("detail", "fields", "landing_page"),
    [
        ("a@href", {"title": "h3"}, ("a@href",)),
        ("/v/{identifier}", {"title": "h3", "landing_page": "b@href"}, ("b@href",)),
    ],
)
def test_the_page_of_a_record_is_its_landing_page_unless_a_rule_says_otherwise(
    detail: str, fields: dict[str, str], landing_page: tuple[str, ...]
) -> None:
    options = HtmlListOptions.model_validate(
        {"rows": "li", "identifier": "a", "fields": fields, "detail": detail, "detail_fields": {"theme": "th:분류"}}
    )
    assert options.rules["html_row"]["landing_page"] == landing_page


def test_other_rules_of_a_detail_are_another_version(vocabularies: Vocabularies, tmp_path: Path) -> None:
    _write(tmp_path, GOOD)
    catalog = config.members(tmp_path)[0].sources[0].catalog
    other = type(catalog)(
        **{
            **{name: getattr(catalog, name) for name in catalog.__struct_fields__},
            "rules": {**catalog.rules, "html_detail": {"publisher": ("dt:제공기관",)}},
        }
    )
    versions = {Processor(one, vocabularies).version("html_row") for one in (catalog, other)}
    assert len(versions) == 2
    names = [f"{each}-{VERSIONS[each]}-" for each in ("html_row", "html_detail")]
    assert all(name in version for version in versions for name in names)


@pytest.fixture(scope="module")
def vocabularies() -> Vocabularies:
    return config.vocabularies(config.default_config())


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('rows: "#list > li"', 'rows: "#list > li["', 11, ["sources.portal.rows", "`#list > li[`: no CSS selector"]),
        ('rows: "#list > li"', "rows: 'xpath://li['", 11, ["sources.portal.rows", "no XPath"]),
        ("a@onclick argument 1", "a@onclick argument x", 12, ["sources.portal.identifier", "counted from 1"]),
        ("title: [h3,", "title: ['h3[',", 14, ["sources.portal.fields.title", "no CSS selector"]),
        ("title: [h3,", "titel: [h3,", 14, ["sources.portal.fields.titel", "did you mean `title`"]),
        ("publisher: th", "publischer: th", 17, ["sources.portal.detail_fields.publischer", "`publisher`"]),
        ("publisher: th", "zzz: th", 17, ["no property is called 'zzz'; known:", "additional.<name>"]),
        ("publisher: th:제공기관", "publisher: []", 17, ["sources.portal.detail_fields.publisher", "at least 1"]),
        ("path: /list.do", "path: list.do", 8, ["sources.portal.path", "begins with /"]),
        ("/view.do?id={identifier}", "/view.do", 15, ["sources.portal.detail", "{identifier}"]),
        ("/view.do?id={identifier}", "a[", 15, ["sources.portal.detail", "no CSS selector"]),
        ("    detail: /view.do?id={identifier}\n", "", 4, ["`detail` and `detail_fields` go together"]),
        ("{page: pageIndex}", "{page: p, next: a@href}", 10, ["sources.portal.paging", "one way to page"]),
        ("{page: pageIndex}", "{first: 1}", 10, ["sources.portal.paging", "one way to page"]),
        ("{page: pageIndex}", "{offset: start}", 10, ["`offset` needs `size`"]),
        ("{page: pageIndex}", "{page: p, size: 10}", 10, ["`offset` needs `size`"]),
        ("{page: pageIndex}", "{path: /list}", 10, ["sources.portal.paging.path", "/list/page{page}"]),
        ("{page: pageIndex}", "{page: p, frist: 0}", 10, ["sources.portal.paging.frist", "unknown key"]),
        ("    fields:\n      title: [h3, \"dt:제목\"]\n", "", 4, ["where does the title stand?"]),
        ("    evidence", "    empty: 'text: '\n    evidence", 18, ["sources.portal.empty", "which text?"]),
        ("    evidence", "    empty: 'a['\n    evidence", 18, ["sources.portal.empty", "no CSS selector"]),
        ("{page: pageIndex}\n", "{next: a@href}\n    last_page: a.last\n", 4, ["`last_page` needs pages"]),
        (GOOD[GOOD.index("detail:") : GOOD.index("    evid")], "content: p\n", 4, ["`content` speaks of"]),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_line_and_key(
    old: str, new: str, line: int, words: list[str], tmp_path: Path
) -> None:
    assert old in GOOD
    _write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        config.members(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/members/test.yml:{line}: ")
    assert all(word in message for word in words), message
