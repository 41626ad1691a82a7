"""Faults in the vocabulary files are told with file, line and key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harvester import config
from harvester.errors import ConfigurationError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(config.default_config() / "vocabularies", tmp_path / "vocabularies")
    return tmp_path


def replace(file: Path, old: str, new: str) -> int:
    """Put `new` in the place of `old`; the line it stands on."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_packaged_tables_are_read(folder: Path) -> None:
    read = config.vocabularies(folder)
    assert read is config.vocabularies(folder)
    assert read.digest == config.vocabularies(config.default_config()).digest


def test_a_wrong_value_is_told_with_file_line_and_key(folder: Path) -> None:
    file = folder / "vocabularies" / "licences.yml"
    line = replace(file, "label: {ko: 공공누리 AI유형, en: KOGL AI type}", "label: {ko: 공공누리 AI유형}")
    with pytest.raises(ConfigurationError) as error:
        config.vocabularies(folder)
    assert str(error.value).startswith(f"{file}:{line}: KOGL-AI.label.en: ")


def test_an_unknown_key_is_told(folder: Path) -> None:
    file = folder / "vocabularies" / "formats.yml"
    line = replace(file, "PDF: {media_type:", "PDF: {mediatype:")
    with pytest.raises(ConfigurationError) as error:
        config.vocabularies(folder)
    assert str(error.value).startswith(f"{file}:{line}: PDF.mediatype: ")


def test_two_rows_that_claim_one_name_are_told(folder: Path) -> None:
    replace(folder / "vocabularies" / "frequencies.yml", "names: [수시, ", "names: [수시, 연간, ")
    with pytest.raises(ConfigurationError, match="'연간' stands under ANNUAL and under IRREG"):
        config.vocabularies(folder)


def test_a_circle_of_names_is_told(folder: Path) -> None:
    replace(
        folder / "vocabularies" / "agencies.yml",
        "  통계청: 국가데이터처\n",
        "  통계청: 국가데이터처\n  국가데이터처: 통계청\n",
    )
    with pytest.raises(ConfigurationError, match="renamed in a circle"):
        config.vocabularies(folder)


def test_a_missing_file_is_told(folder: Path) -> None:
    (folder / "vocabularies" / "themes.yml").unlink()
    with pytest.raises(ConfigurationError, match=r"themes\.yml: no such file"):
        config.vocabularies(folder)


def test_another_table_is_another_digest(folder: Path) -> None:
    replace(folder / "vocabularies" / "agencies.yml", "  통계청: 국가데이터처\n", "")
    assert config.vocabularies(folder).digest != config.vocabularies(config.default_config()).digest


def test_decisions_about_joins_are_read(tmp_path: Path) -> None:
    assert config.joins(tmp_path).same == ()
    assert config.joins(config.default_config()).different == ()
    one, other = "abcdefghij234567abcd", "bcdefghijk234567abcd"
    (tmp_path / "joins.yml").write_text(f"same:\n- {{datasets: [{one}, {other}], reason: one survey}}\n")
    config.joins.cache_clear()
    assert config.joins(tmp_path).forced(one) == {other: "one survey"}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("same:\n- {datasets: [abcdefghij234567abcd], reason: x}\n", ":2: same.0.datasets: "),
        ("same:\n- {datasets: [one, two], reason: x}\n", ":2: same.0.datasets.0: "),
        ("different:\n- datasets: [abcdefghij234567abcd, bcdefghijk234567abcd]\n", ":2: different.0.reason: "),
        ("diferent: []\n", ":1: diferent: unknown key; did you mean `different`?"),
        (
            "same:\n- {datasets: [abcdefghij234567abcd, bcdefghijk234567abcd], reason: x}\n"
            "- {datasets: [bcdefghijk234567abcd, cdefghijkl234567abcd], reason: x}\n"
            "different:\n- datasets: [abcdefghij234567abcd, cdefghijkl234567abcd, bcdefghijk234567abcd]\n  reason: y\n",
            ":5: different.0.datasets: abcdefghij234567abcd and bcdefghijk234567abcd are said to be the same one by "
            "same.0, in line 2; take them out of one of both\n",
        ),
    ],
)
def test_a_wrong_decision_is_told_with_file_line_and_key(tmp_path: Path, text: str, where: str) -> None:
    file = tmp_path / "joins.yml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as error:
        config.joins(tmp_path)
    assert str(error.value).startswith(f"{file}{where}")


def test_decisions_that_share_one_dataset_do_not_contradict_each_other(tmp_path: Path) -> None:
    one, two, three = "abcdefghij234567abcd", "bcdefghijk234567abcd", "cdefghijkl234567abcd"
    (tmp_path / "joins.yml").write_text(
        f"same:\n- {{datasets: [{one}, {two}], reason: x}}\ndifferent:\n- {{datasets: [{two}, {three}], reason: y}}\n"
    )
    assert config.joins(tmp_path).forbidden(two) == {three}
