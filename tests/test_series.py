"""Which titles are one series, and which are not; the titles are those of real catalogues."""

from __future__ import annotations

import pytest

from harvester.catalog.model import Agent, Dataset
from indexer.series import series


def dataset(title: str, publisher: str | None = None, former: str | None = None) -> Dataset:
    agency = Agent(name={"ko": publisher}, source_name=former) if publisher else None
    return Dataset(id="a", source="korea.datagokr", identifier="1", title={"ko": title}, publisher=agency)


def key(title: str, publisher: str | None = None, former: str | None = None) -> str | None:
    return series(dataset(title, publisher, former))


@pytest.mark.parametrize(
    ("title", "publisher"),
    [
        ("경상남도 창원시_공영주차장 현황", "경상남도 창원시"),
        ("서울특별시_송파구_공영주차장현황", "서울특별시 송파구"),
        ("경기도 안양시_경기도 안양시 공영주차장", "경기도 안양시"),
        ("안산도시공사_안산시 공영 주차장 정보", "안산도시공사"),
        ("강원도 동해시_공영주차장 목록(2022년 6월)", "강원특별자치도 동해시"),
        ("울산광역시 남구_2019년도 공영주차장 현황_20191231", "울산광역시 남구"),
        ("공영주차장 2020~2022", None),
        ("공영주차장 현황(2021.12.31 기준)", "대구광역시 달서구"),
        ("2023년 3분기 공영주차장", "대구광역시 달서구"),
    ],
)
def test_agencies_places_times_and_empty_words_are_left_out(title: str, publisher: str | None) -> None:
    assert key(title, publisher) == "공영주차장"


def test_a_renamed_agency() -> None:
    assert key("특허청_표준특허 발간자료", "지식재산처", "특허청") == key("지식재산처_표준특허 발간자료", "지식재산처")


@pytest.mark.parametrize(
    "title",
    ["경기도_현황", "경기도_2021년 정보", "경기도", "2021년", "", "산", "경기도_통계 " + "가" * 200],
)
def test_a_title_that_says_too_little_or_too_much_folds_with_nothing(title: str) -> None:
    assert key(title, "경기도") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("서울특별시_코로나19 현황", "서울특별시_코로나 현황"),
        ("환경부_PM10 농도", "환경부_PM25 농도"),
        ("통계청_1인가구 현황", "통계청_가구 현황"),
        ("경기도_공영주차장 현황", "경기도_민영주차장 현황"),
        ("국토교통부_지도", "국토교통부_속도"),
        ("교육부_초중고교 전시", "교육부_초중고교 고시"),
        ("국가철도공단_수도권1호선 환승주차장", "국가철도공단_수도권3호선 환승주차장"),
        ("충청남도_옥외광고물(고정)", "충청남도_옥외광고물(이동)"),
        ("인천광역시_문화재", "인천광역시_문화재자료"),
    ],
)
def test_a_word_that_matters_keeps_titles_apart(one: str, other: str) -> None:
    keys = [key(title, title.partition("_")[0]) for title in (one, other)]
    assert None not in keys
    assert keys[0] != keys[1]


def test_titles_in_latin_letters() -> None:
    assert key("Air Quality Data 2021", "Ministry of Environment") == key("air quality - 2019 data", "EPA")
    assert key("Ministry of Health: Quality of Water", "Ministry of Health") == "qualityofwater"


def test_no_title() -> None:
    assert series(Dataset(id="a", source="a.b", identifier="1", title={})) is None
