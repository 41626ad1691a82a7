"""A worker's members: as their files say now, whatever becomes of the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvester.membership import Membership

MEMBER = """\
name: {{ko: 시험}}
sector: public
sources:
  one: {{title: 하나, evidence: assumed, protocol: ckan, url: 'https://{host}', enabled: {enabled}}}
"""


def test_a_file_is_read_again_when_it_changes_and_a_fault_in_it_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "members"
    folder.mkdir()
    file = folder / "a.yml"

    def named(text: str, other: str = "") -> list[str]:
        file.write_text(text, encoding="utf-8")
        if other:
            (folder / "b.yml").write_text(other, encoding="utf-8")
        return [f"{source.name} {source.url}" for source in membership.enabled()]

    membership = Membership(tmp_path)
    assert named(MEMBER.format(host="x.example", enabled="true")) == ["a.one https://x.example"]
    assert named(MEMBER.format(host="longer.example", enabled="true")) == ["a.one https://longer.example"]
    assert named("name: {ko") == ["a.one https://longer.example"]
    assert [source.url for source in membership.enabled()] == ["https://longer.example"]
    assert capsys.readouterr().err.count("until it is mended it counts as it was") == 1
    assert named(MEMBER.format(host="x.example", enabled="false"), other="sources: 1") == []
    assert "b.yml" in capsys.readouterr().err
    assert named(MEMBER.format(host="x.example", enabled="true")) == ["a.one https://x.example"]
    file.unlink()
    assert membership.enabled() == ()


def test_what_was_missing_beside_a_file_and_comes_later_is_noticed_and_a_folder_that_goes_takes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "members").mkdir()
    (tmp_path / "spiders").mkdir()
    text = MEMBER.format(host="x.example", enabled="true").replace("ckan", "spider, spider: odd")
    (tmp_path / "members" / "a.yml").write_text(text, encoding="utf-8")
    membership = Membership(tmp_path)
    assert [membership.enabled() for _ in range(2)] == [(), ()]
    assert capsys.readouterr().err.count("until it is mended it is left out") == 1
    (tmp_path / "spiders" / "odd.py").touch()
    assert [source.name for source in membership.enabled()] == ["a.one"]
    (tmp_path / "members").rename(tmp_path / "away")
    assert [[source.name for source in membership.enabled()] for _ in range(2)] == [["a.one"]] * 2
    assert capsys.readouterr().err.replace("\n", "").count("this folder is gone") == 1
