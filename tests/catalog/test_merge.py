"""Parts of one record become one dataset."""

from __future__ import annotations

import msgspec

from harvester.catalog.merge import merge
from harvester.catalog.model import Agent, Concept, ContactPoint, Dataset, Distribution

replace = msgspec.structs.replace
CSV = Concept(source="CSV", code="CSV")
XML = Concept(source="XML", code="XML")


def test_one_part_is_the_dataset(bare: Dataset) -> None:
    assert merge([bare]) is bare


def test_a_known_concept_beats_an_unknown_one_and_else_the_first_wins(bare: Dataset) -> None:
    listing = replace(
        bare,
        title={"ko": "목록의 제목"},
        license=Concept(source="https://data.go.kr/ugs/selectPortalPolicyView.do"),
        accrual_periodicity=Concept(source="연간", code="ANNUAL"),
        publisher=Agent(name={"ko": "한국전력공사"}),
        issued="2020-01-02",
        additional={"매체유형": "텍스트"},
    )
    detail = replace(
        bare,
        id="b" * 20,
        title={"ko": "상세의 제목", "en": "Title of the detail"},
        description={"ko": "상세의 설명"},
        license=Concept(source="공공저작물_출처표시", code="KOGL-1"),
        accrual_periodicity=Concept(source="가끔"),
        publisher=Agent(name={"ko": "한전"}),
        contact_point=(ContactPoint(telephone="02-1566-0025"),),
        issued="2021-01-02",
        modified="2022-01-02",
        additional={"매체유형": "기타", "legislation": "전기사업법"},
    )
    assert merge([listing, detail]) == replace(
        listing,
        title={"ko": "목록의 제목", "en": "Title of the detail"},
        description={"ko": "상세의 설명"},
        license=Concept(source="공공저작물_출처표시", code="KOGL-1"),
        contact_point=(ContactPoint(telephone="02-1566-0025"),),
        modified="2022-01-02",
        additional={"매체유형": "텍스트", "legislation": "전기사업법"},
    )


def test_keywords_and_themes_are_united(bare: Dataset) -> None:
    eu = Concept(source="보건의료", code="HEAL", scheme="eu")
    one = replace(
        bare,
        keyword={"ko": ("병원", "의원")},
        theme=(Concept(source="보건의료", code="보건의료", scheme="datagokr"), eu),
    )
    other = replace(
        bare,
        keyword={"ko": ("의원", "약국"), "en": ("hospital",)},
        theme=(Concept(source="보건 - 건강보험", code="보건", scheme="brm"), eu, Concept(source="보건의료")),
    )
    merged = merge([one, other])
    assert merged.keyword == {"ko": ("병원", "의원", "약국"), "en": ("hospital",)}
    assert [theme.code for theme in merged.theme] == ["보건의료", "HEAL", "보건"]


def test_distributions_with_the_same_address_are_one(bare: Dataset) -> None:
    one = replace(bare, distribution=(Distribution(access_url="https://a.kr/1", format=CSV),))
    other = replace(
        bare,
        distribution=(
            Distribution(access_url="https://a.kr/1", title={"ko": "파일"}, byte_size=10),
            Distribution(download_url="https://a.kr/2", format=CSV),
            Distribution(access_url="https://a.kr/1", format=XML),
        ),
    )
    assert merge([one, other]).distribution == (
        Distribution(access_url="https://a.kr/1", format=CSV, title={"ko": "파일"}, byte_size=10),
        Distribution(download_url="https://a.kr/2", format=CSV),
        Distribution(access_url="https://a.kr/1", format=XML),
    )


def test_a_distribution_that_names_only_its_format_is_the_other_parts_file_of_that_format(bare: Dataset) -> None:
    row = replace(bare, distribution=(Distribution(format=CSV, media_type="text/csv"),))
    page = replace(
        bare, distribution=(Distribution(format=CSV, download_url="https://a.kr/x"), Distribution(format=XML))
    )
    assert merge([row, page]).distribution == (
        Distribution(format=CSV, media_type="text/csv", download_url="https://a.kr/x"),
        Distribution(format=XML),
    )


def test_three_parts(bare: Dataset) -> None:
    parts = [replace(bare, keyword={"ko": (word,)}) for word in ("가", "나", "가")]
    assert merge(parts).keyword == {"ko": ("가", "나")}


def test_halves_of_the_only_contact_point_and_of_the_only_file_are_one(bare: Dataset) -> None:
    row = replace(
        bare,
        contact_point=(ContactPoint(name={"ko": "데이터과"}),),
        distribution=(Distribution(format=CSV, title={"ko": "파일"}),),
    )
    page = replace(
        bare,
        contact_point=(ContactPoint(telephone="02-1566-0025", email="data@a.kr"),),
        distribution=(Distribution(download_url="https://a.kr/1"),),
    )
    merged = merge([row, page])
    assert merged.contact_point == (ContactPoint(name={"ko": "데이터과"}, telephone="02-1566-0025", email="data@a.kr"),)
    assert merged.distribution == (Distribution(format=CSV, title={"ko": "파일"}, download_url="https://a.kr/1"),)


def test_contact_points_and_files_that_contradict_are_not_mixed(bare: Dataset) -> None:
    row = replace(
        bare,
        contact_point=(ContactPoint(name={"ko": "데이터과"}),),
        distribution=(Distribution(format=CSV, download_url="https://a.kr/1"),),
    )
    page = replace(
        bare,
        contact_point=(ContactPoint(name={"ko": "민원과"}, telephone="02-1566-0025"),),
        distribution=(Distribution(byte_size=10, download_url="https://a.kr/2"),),
    )
    merged = merge([row, page])
    assert merged.contact_point == row.contact_point
    assert merged.distribution == (*row.distribution, *page.distribution)


def test_one_of_several_contact_points_is_not_guessed(bare: Dataset) -> None:
    row = replace(bare, contact_point=(ContactPoint(name={"ko": "데이터과"}),))
    page = replace(bare, contact_point=(ContactPoint(telephone="02-1"), ContactPoint(telephone="02-2")))
    assert merge([row, page]).contact_point == row.contact_point
