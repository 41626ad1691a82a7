"""Rows of tables, by the columns that a member file names."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester import config
from harvester.catalog.model import Catalog, Concept, Mapped
from harvester.errors import ConfigurationError, RecordError
from harvester.mapping.table_row import to_dataset
from harvester.members import Member

RULES = {
    "title": ("이름", "제목"),
    "keyword": ("키워드",),
    "license": ("이용 조건",),
    "landing_page": ("주소",),
    "downloads": ("받은 수",),
    "additional.근거": ("근거",),
    "identifier": ("번호",),
}


def mapped(row: object) -> Mapped:
    catalog = Catalog(source="a.b", url="https://portal.example", language="ko", rules={"table_row": RULES})
    return to_dataset(msgspec.json.encode(row), "1", catalog)


def test_the_first_column_that_says_something_counts() -> None:
    assert mapped({"이름": " 가 ", "제목": "나"}).dataset.title == {"ko": "가"}
    assert mapped({"이름": " - ", "제목": "나"}).dataset.title == {"ko": "나"}
    assert mapped({"이름": "", "제목": "-"}).dataset.title == {}


def test_values_get_to_their_properties() -> None:
    found = mapped(
        {"번호": "1", "이름": "가", "이용 조건": "CC BY", "주소": "/d/1", "받은 수": "1,204", "근거": "법 제1조"}
    )
    assert found.dataset.license == Concept(source="CC BY")
    assert found.dataset.landing_page == "https://portal.example/d/1"
    assert found.dataset.additional == {"근거": "법 제1조"}
    assert found.counters == {"downloads": 1204}
    assert found.unread == ()


def test_columns_that_no_rule_names_are_unread() -> None:
    assert mapped({"번호": "1", "이름": "가", "담당": "나", "비고": ""}).unread == ("담당", "비고")


@pytest.mark.parametrize(("payload", "code"), [(b"[]", "not-an-object"), (b"x", "not-json")])
def test_what_is_no_row_is_told(payload: bytes, code: str) -> None:
    with pytest.raises(RecordError) as error:
        to_dataset(payload, "1", Catalog(source="a.b", url="http://x", rules={"table_row": RULES}))
    assert error.value.code == code


def test_a_source_without_rules_is_told() -> None:
    with pytest.raises(RecordError) as error:
        to_dataset(b'{"a": "b"}', "1", Catalog(source="a.b", url="http://x"))
    assert error.value.code == "no-rules"


@given(
    st.dictionaries(
        st.sampled_from([column for columns in RULES.values() for column in columns]),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text(max_size=20)),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
            ),
            max_leaves=8,
        ),
    )
)
def test_any_row_is_mapped(row: dict[str, object]) -> None:
    assert mapped(row).dataset.identifier == "1"


MEMBER = """\
name: {{ko: 가}}
sector: public
sources:
  list:
    title: t
    protocol: table
    url: https://portal.example/list.csv
    evidence: assumed
    identifier: 번호
    columns:
      title: [이름]
      {line}
"""


def read(line: str, tmp_path: Path) -> Member:
    (tmp_path / "members").mkdir()
    (tmp_path / "members" / "a.yml").write_text(MEMBER.format(line=line), encoding="utf-8")
    return config.members(tmp_path)[0]


def test_columns_of_a_member_file_become_rules(tmp_path: Path) -> None:
    catalog = read("additional.근거: 근거", tmp_path).sources[0].catalog
    assert catalog.rules == {"table_row": {"title": ("이름",), "additional.근거": ("근거",), "identifier": ("번호",)}}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("licence: 조건", r"a\.yml:12: .*no property is called 'licence'; did you mean `license`\?"),
        ("keyword: []", r"a\.yml:12: .*keyword.*at least 1"),
        ("keyword: [1]", r"a\.yml:12: .*keyword.*put it in quotes"),
    ],
)
def test_mistakes_are_told_with_their_line(line: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read(line, tmp_path)


def test_a_title_is_needed_and_an_encoding_must_be_one(tmp_path: Path) -> None:
    (tmp_path / "members").mkdir()
    file = tmp_path / "members" / "a.yml"
    text = MEMBER.format(line="keyword: a")
    for wrong, said in (
        (text.replace("title: [이름]", "page: p"), "a column for `title` is needed"),
        (text.replace("identifier: 번호", "identifier: 번호\n    encoding: utf-9"), r"'utf-9' is no encoding"),
    ):
        file.write_text(wrong, encoding="utf-8")
        config.members.cache_clear()
        with pytest.raises(ConfigurationError, match=said):
            config.members(tmp_path)
