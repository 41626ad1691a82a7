"""The tables of ``config/search``: what is read, faults with file, line and key, and what the packaged ones say."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from harvester import config
from harvester.catalog.names import name_key
from harvester.catalog.search_words import contradictions
from harvester.errors import ConfigurationError
from indexer.analysis import Analyser
from indexer.analysis.normal import normal
from indexer.tables import Alternative, SearchTables, read_tables, search_tables, surface

PACKAGED = config.default_config()


@pytest.fixture(scope="module")
def tables() -> SearchTables:
    return search_tables(config.search_words(PACKAGED))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    search = tmp_path / "search"
    search.mkdir()
    texts = {
        "synonyms": """
            two_way:
              spellings: {weight: 0.9, groups: [[와이파이, Wi-Fi], [전기차, 전기 자동차]]}
            one_way:
              registers:
                weight: 0.5
                rules:
                  목욕탕: [목욕장업]
                  무선망: [와이파이, 무선 LAN]
            """,
        "noise": "request: [알려줘, 받을 수 있는 곳]\ncarrier: [데이터]\nvague: [최근]\nendings: [를, 하려면]\n",
        "words": "- {word: 안전부, parts: [안전, 부], reason: 행정안전부 was 행정}\n",
        "agencies": "한국전력공사: [한전, KEPCO]\n환경부: [MOE]\n",
    }
    for table, text in texts.items():
        (search / f"{table}.yml").write_text(textwrap.dedent(text).lstrip(), encoding="utf-8")
    return tmp_path


def fault(folder: Path, table: str, old: str, new: str) -> list[str]:
    """What is told, without the folder, when `new` stands in the place of `old`."""
    file = folder / "search" / f"{table}.yml"
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError) as error:
        config.search_words(folder)
    return str(error.value).replace(f"{folder / 'search'}/", "").splitlines()


def test_groups_go_both_ways_and_rules_one_way(folder: Path) -> None:
    read = search_tables(config.search_words(folder))
    assert read.synonyms["wifi"] == (Alternative("와이파이", 0.9),)
    assert read.synonyms["와이파이"] == (Alternative("wi-fi", 0.9),)
    assert read.synonyms["전기차"] == (Alternative("전기 자동차", 0.9),)
    assert read.synonyms["목욕탕"] == (Alternative("목욕장업", 0.5),)
    assert "목욕장업" not in read.synonyms


def test_words_that_say_nothing_are_known_with_an_ending(folder: Path) -> None:
    read = search_tables(config.search_words(folder))
    assert read.noise_class("받을 수 있는 곳") == "request"
    assert read.noise_class("데이터를") == read.noise_class("데이터") == "carrier"
    assert read.noise_class("데이터의") is None
    assert read.noise_class("를") is None


def test_a_rule_that_leads_into_a_group_takes_the_group_along(folder: Path) -> None:
    read = search_tables(config.search_words(folder))
    assert read.synonyms["무선망"] == (
        Alternative("와이파이", 0.5),
        Alternative("wi-fi", 0.45),
        Alternative("무선 lan", 0.4),
    )


def test_an_agency_below_another_has_the_names_of_both(folder: Path) -> None:
    read = search_tables(config.search_words(folder))
    assert read.agency_names("한국전력공사") == ("한전", "kepco")
    assert read.agency_names("환경부 국립환경과학원") == ("moe",)
    assert read.agency_names("경기도") == ()


def test_an_agency_has_the_names_of_its_member_file_and_its_former_ones(tmp_path: Path) -> None:
    members = tmp_path / "members"
    members.mkdir()
    text = "name: {ko: 모아(주), en: Moa}\naliases: [엠오에이]\nsector: it-services\nsources: {}\n"
    (members / "moa.yml").write_text(text, encoding="utf-8")
    (members / "broken.yml").write_text("name: [", encoding="utf-8")
    read = read_tables(tmp_path)
    assert read.agency_names("주식회사 모아") == ("moa", "엠오에이")
    assert "한국정보화진흥원" in read.agency_names("한국지능정보사회진흥원")


def test_another_dictionary_is_another_digest(folder: Path) -> None:
    before = search_tables(config.search_words(folder)).digest
    (folder / "search" / "noise.yml").write_text("request: [알려줘]\n", encoding="utf-8")
    config.search_words.cache_clear()
    assert search_tables(config.search_words(folder)).digest == before
    (folder / "search" / "words.yml").write_text("- {word: 다문화, reason: was 문화}\n", encoding="utf-8")
    config.search_words.cache_clear()
    assert search_tables(config.search_words(folder)).digest != before


@pytest.mark.parametrize(
    ("table", "old", "new", "told"),
    [
        ("synonyms", "weight: 0.5", "weight: 5", "synonyms.yml:5: one_way.registers.weight: "),
        ("synonyms", "목욕장업", "'-'", "synonyms.yml:7: one_way.registers.rules.목욕탕.0: "),
        (
            "synonyms",
            "전기 자동차]",
            "전기 차]",
            "two_way.spellings.groups.1: 전기 차 stands here twice",
        ),
        ("synonyms", "전기 자동차]", "Wi Fi]", "wifi stands in another group too; make them one"),
        ("synonyms", "목욕탕: [목욕장업]", "wifi: [와이파이]", "와이파이 stands for it already, in a group"),
        ("synonyms", "목욕탕: [목욕장업]", "목욕탕: [무선망]\n      무선 망: [lan]", "무선망 has two rules"),
        ("noise", "carrier: [데이터]", "carier: [데이터]", "noise.yml:2: carier: "),
        ("noise", "[최근]", "[최근, 알려 줘]", "noise.yml:3: vague.1: 알려 줘 stands under request already"),
        ("noise", "[최근]", "[전기차]", "noise.yml:3: vague.0: 전기차 says something: it stands in synonyms.yml"),
        ("words", "[안전, 부]", "[안전]", "words.yml:1: 0.parts: together they are not 안전부"),
        ("words", ", reason: 행정안전부 was 행정", "", "words.yml:1: 0.reason: this key is required"),
        ("agencies", "[한전, KEPCO]", "[한전, 한 전]", "agencies.yml:1: 한국전력공사: 한 전 stands here twice"),
        ("agencies", "[한전, KEPCO]", "한전", "agencies.yml:1: 한국전력공사: a list is needed here"),
    ],
)
def test_a_fault_is_told_with_file_line_and_key(folder: Path, table: str, old: str, new: str, told: str) -> None:
    assert any(told in line for line in fault(folder, table, old, new))


def test_a_rule_and_its_opposite_are_told(folder: Path) -> None:
    told = fault(folder, "synonyms", "목욕탕: [목욕장업]", "목욕탕: [목욕장]\n      목욕장: [목욕탕]")
    assert told == [
        "synonyms.yml:8: one_way.registers.rules.목욕장: 목욕탕 has the opposite rule; make the two a group"
    ]


def test_a_missing_file_is_told(folder: Path) -> None:
    (folder / "search" / "noise.yml").unlink()
    with pytest.raises(ConfigurationError, match=r"noise\.yml: no such file"):
        config.search_words(folder)


def test_a_folder_without_tables_uses_the_packaged_ones(tmp_path: Path) -> None:
    assert config.search_words(tmp_path) == config.search_words(PACKAGED)


def test_no_packaged_row_contradicts_another() -> None:
    assert not list(contradictions(config.search_words(PACKAGED)))


def test_every_key_and_text_is_in_normal_form(tables: SearchTables) -> None:
    for key, alternatives in tables.synonyms.items():
        assert key == surface(key) == name_key(key)
        for alternative in alternatives:
            assert alternative.text == normal(alternative.text)
            assert surface(alternative.text) != key
    assert all(word == surface(word) for word in (*tables.noise, *tables.endings))
    assert all(name.word == surface(name.word) for name in tables.dictionary)


def test_no_word_that_has_synonyms_is_taken_for_noise(tables: SearchTables) -> None:
    assert [key for key in tables.synonyms if tables.noise_class(key)] == []


def test_every_alternative_has_terms(tables: SearchTables) -> None:
    analyser = Analyser()
    texts = {alternative.text for each in tables.synonyms.values() for alternative in each}
    assert [text for text in texts if not analyser.terms(text)] == []
