"""A whole dataset: what changes, what stays, and what is told about it."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from harvester.catalog.model import (
    Agent,
    Catalog,
    Concept,
    ContactPoint,
    DataService,
    Dataset,
    Distribution,
    Issue,
    Location,
    PeriodOfTime,
)
from harvester.catalog.normalise import Normaliser
from harvester.catalog.vocabularies import Vocabularies

replace = msgspec.structs.replace


def codes(issues: tuple[Issue, ...]) -> list[str]:
    return [issue.code for issue in issues]


def test_a_row_of_the_bulk_catalogue(normaliser: Normaliser, bare: Dataset) -> None:
    raw = replace(
        bare,
        title={"ko": "법제처_법제업무편람 "},
        description={"ko": "입법 절차를<br/>안내합니다."},
        keyword={"ko": ("입법절차,법령심사,심사기준",)},
        theme=(Concept(source="공공행정", scheme="datagokr"), Concept(source="공공행정 - 법제", scheme="brm")),
        type=Concept(source="FILE"),
        publisher=Agent(name={"ko": "교통안전공단"}),
        contact_point=(ContactPoint(name={"ko": "법령데이터혁신팀"}, telephone="`0442006788"),),
        landing_page="https://www.data.go.kr/data/15000249/fileData.do",
        issued="2018-08-25",
        modified="45000",
        accrual_periodicity=Concept(source="연간"),
        temporal=(PeriodOfTime(label="2018년 1월 - 2023년 12월"),),
        spatial=(Location(label={"ko": "대한민국"}), Location(label={"ko": "-"})),
        license=Concept(source="공공저작물_출처표시 + 상업적 이용금지 + 변경금지"),
        legal_basis="-",
        fee="무료",
        distribution=(Distribution(format=Concept(source="csv")), Distribution(format=Concept(source="JSON+XML"))),
        additional={"수집방법": "-", "매체유형": "텍스트"},
    )
    dataset, issues = normaliser.normalise(raw)
    assert issues == ()
    assert dataset == replace(
        bare,
        title={"ko": "법제처_법제업무편람"},
        description={"ko": "입법 절차를\n안내합니다."},
        keyword={"ko": ("입법절차", "법령심사", "심사기준")},
        theme=(
            Concept(source="공공행정 - 법제", code="공공행정", scheme="datagokr"),
            Concept(
                source="공공행정 - 법제",
                code="GOVE",
                uri="http://publications.europa.eu/resource/authority/data-theme/GOVE",
                scheme="eu",
            ),
        ),
        type=Concept(source="FILE", code="FILE"),
        publisher=Agent(name={"ko": "한국교통안전공단"}, source_name="교통안전공단"),
        contact_point=(ContactPoint(name={"ko": "법령데이터혁신팀"}, telephone="044-200-6788"),),
        landing_page="https://www.data.go.kr/data/15000249/fileData.do",
        issued="2018-08-25",
        modified="2023-03-15",
        accrual_periodicity=Concept(
            source="연간", code="ANNUAL", uri="http://publications.europa.eu/resource/authority/frequency/ANNUAL"
        ),
        temporal=(PeriodOfTime(start="2018-01", end="2023-12", label="2018년 1월 - 2023년 12월"),),
        spatial=(Location(label={"ko": "대한민국"}),),
        license=Concept(
            source="공공저작물_출처표시 + 상업적 이용금지 + 변경금지",
            code="KOGL-4",
            uri="https://www.kogl.or.kr/info/licenseType4.do",
        ),
        fee="무료",
        distribution=tuple(
            Distribution(
                format=Concept(
                    source=source, code=code, uri=f"https://www.iana.org/assignments/media-types/{media_type}"
                ),
                media_type=media_type,
            )
            for source, code, media_type in (
                ("csv", "CSV", "text/csv"),
                ("JSON", "JSON", "application/json"),
                ("XML", "XML", "application/xml"),
            )
        ),
        additional={"매체유형": "텍스트"},
    )
    assert normaliser.normalise(dataset) == (dataset, ())


def test_unknown_values_stay_and_are_told_once_each(normaliser: Normaliser, bare: Dataset) -> None:
    odd = Distribution(access_url="https://a.kr/1", format=Concept(source="ERR"), license=Concept(source="나만의 조건"))
    dataset, issues = normaliser.normalise(
        replace(
            bare,
            license=Concept(source="나만의 조건"),
            accrual_periodicity=Concept(source="가끔"),
            theme=(Concept(source="geospatial"),),
            issued="언젠가",
            temporal=(PeriodOfTime(label="옛날"),),
            language=("Java",),
            type=Concept(source="이상한 것"),
            access_rights=Concept(source="Access right 4"),
            distribution=(odd, odd, odd),
        )
    )
    assert Counter(codes(issues)) == {
        "unknown-license": 1,
        "unknown-frequency": 1,
        "unknown-theme": 1,
        "unknown-date": 1,
        "unknown-period": 1,
        "unknown-language": 1,
        "unknown-type": 1,
        "unknown-access-rights": 1,
        "unknown-format": 1,
    }
    assert {issue.severity for issue in issues} == {"info"}
    assert [issue.value for issue in issues if issue.code == "unknown-format"] == ["ERR"]
    assert dataset.license == Concept(source="나만의 조건")
    assert dataset.accrual_periodicity == Concept(source="가끔")
    assert dataset.theme == (Concept(source="geospatial"),)
    assert dataset.temporal == (PeriodOfTime(label="옛날"),)
    assert dataset.language == ("Java",)
    assert dataset.issued is None
    assert [one.format for one in dataset.distribution] == [Concept(source="ERR")] * 3


def test_links_that_nobody_should_follow_are_dropped_and_told(normaliser: Normaliser, bare: Dataset) -> None:
    dataset, issues = normaliser.normalise(
        replace(
            bare,
            landing_page="javascript:alert(1)",
            page=("https://a.kr/ok", "data:text/html,x"),
            distribution=(
                Distribution(
                    access_url="ftp://a.kr/x",
                    download_url="https://a.kr/x",
                    access_service=DataService(endpoint_url="file:///etc/passwd"),
                ),
            ),
        )
    )
    assert codes(issues) == ["bad-link"] * 4
    assert {issue.value for issue in issues} == {
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://a.kr/x",
        "file:///etc/passwd",
    }
    assert all(issue.severity == "warning" for issue in issues)
    assert dataset.landing_page is None
    assert dataset.page == ("https://a.kr/ok",)
    (distribution,) = dataset.distribution
    assert (distribution.access_url, distribution.download_url) == (None, "https://a.kr/x")


@pytest.mark.parametrize("mark", ["", "-", "null", "없음"])
def test_marks_of_nothing_are_nothing_and_no_issue(normaliser: Normaliser, bare: Dataset, mark: str) -> None:
    full = replace(
        bare,
        title={"ko": mark},
        description={"ko": mark},
        keyword={"ko": (mark,)},
        theme=(Concept(source=mark),),
        publisher=Agent(name={"ko": mark}),
        contact_point=(ContactPoint(name={"ko": mark}, telephone=mark, email=mark),),
        landing_page=mark,
        issued=mark,
        modified=mark,
        accrual_periodicity=Concept(source=mark),
        temporal=(PeriodOfTime(label=mark), PeriodOfTime(start=mark, end=mark)),
        spatial=(Location(label={"ko": mark}),),
        license=Concept(source=mark),
        legal_basis=mark,
        fee=mark,
        version=mark,
        rights={"ko": mark},
        additional={"매체유형": mark},
    )
    assert normaliser.normalise(full) == (bare, ())


def test_language_tags(normaliser: Normaliser, bare: Dataset) -> None:
    dataset, _ = normaliser.normalise(
        replace(
            bare,
            title={"kr": "병원 현황", "en-US": "Hospitals"},
            description={"und": "병원의 현황입니다"},
            rights={"und": "no language can be told"},
            keyword={"und": ("병원", "hospital"), "kr": ("의원,약국", "clinic,pharmacy")},
            language=("kr", "http://publications.europa.eu/resource/authority/language/ENG", "en-US"),
        )
    )
    assert dataset.title == {"ko": "병원 현황", "en": "Hospitals"}
    assert dataset.description == {"ko": "병원의 현황입니다"}
    assert dataset.rights == {"und": "no language can be told"}
    assert dataset.keyword == {"ko": ("병원", "의원", "약국"), "und": ("hospital",), "en": ("clinic", "pharmacy")}
    assert dataset.language == ("ko", "en")


def test_what_the_source_put_under_a_tag_wins_over_what_is_put_there(normaliser: Normaliser, bare: Dataset) -> None:
    dataset, _ = normaliser.normalise(
        replace(bare, title={"kr": "틀린 꼬리표", "ko": "바른 꼬리표"}, description={"und": "설명 글", "ko": "-"})
    )
    assert dataset.title == {"ko": "바른 꼬리표"}
    assert dataset.description == {"ko": "설명 글"}


def test_a_repetition_in_modified_is_the_update_cycle(normaliser: Normaliser, bare: Dataset) -> None:
    dataset, issues = normaliser.normalise(replace(bare, modified="R/P1D"))
    assert dataset.modified is None
    assert dataset.accrual_periodicity is not None
    assert dataset.accrual_periodicity.code == "DAILY"
    assert issues == ()
    stated, _ = normaliser.normalise(replace(bare, modified="R/P1D", accrual_periodicity=Concept(source="월간")))
    assert stated.accrual_periodicity is not None
    assert stated.accrual_periodicity.code == "MONTHLY"


def test_the_portals_policy_is_no_licence(normaliser: Normaliser, bare: Dataset) -> None:
    policy = "https://data.go.kr/ugs/selectPortalPolicyView.do"
    dataset, issues = normaliser.normalise(replace(bare, license=Concept(source=policy)))
    assert dataset.license == Concept(source=policy)
    assert codes(issues) == ["unknown-license"]


def test_periods(normaliser: Normaliser, bare: Dataset) -> None:
    dataset, issues = normaliser.normalise(
        replace(
            bare,
            temporal=(
                PeriodOfTime(start="2020. 1. 2.", end="9999-12-31 23:59:59.0"),
                PeriodOfTime(start="2025년1월", end="2024년6월"),
                PeriodOfTime(start="언젠가", end="그 뒤"),
            ),
        )
    )
    assert dataset.temporal == (
        PeriodOfTime(start="2020-01-02"),
        PeriodOfTime(start="2025-01", end="2024-06"),
        PeriodOfTime(label="언젠가 ~ 그 뒤"),
    )
    assert codes(issues) == ["reversed-period", "unknown-period"]


def test_a_box_that_is_none_is_dropped(normaliser: Normaliser, bare: Dataset) -> None:
    dataset, issues = normaliser.normalise(
        replace(
            bare,
            spatial=(
                Location(bbox=(126.0, 33.0, 132.0, 43.0)),
                Location(bbox=(float("nan"), 33.0, 132.0, 43.0)),
                Location(bbox=(126.0, 43.0, 132.0, 33.0), label={"ko": "뒤집힌 상자"}),
            ),
        )
    )
    assert dataset.spatial == (Location(bbox=(126.0, 33.0, 132.0, 43.0)), Location(label={"ko": "뒤집힌 상자"}))
    assert codes(issues) == ["bad-bbox", "bad-bbox"]


def test_damage_is_told(normaliser: Normaliser, bare: Dataset) -> None:
    dataset, issues = normaliser.normalise(
        replace(bare, title={"ko": "강원도".encode().decode("latin-1")}, description={"ko": "깨진 \ufffd 글자"})
    )
    assert dataset.title == {"ko": "강원도"}
    assert [(issue.code, issue.severity) for issue in issues] == [
        ("mojibake-repaired", "info"),
        ("mojibake", "warning"),
    ]


def test_a_known_format_comes_from_the_media_type_where_the_format_is_not_known(
    normaliser: Normaliser, bare: Dataset
) -> None:
    dataset, issues = normaliser.normalise(
        replace(bare, distribution=(Distribution(format=Concept(source="Tabelle"), media_type="text/csv"),))
    )
    (distribution,) = dataset.distribution
    assert distribution.format is not None
    assert (distribution.format.source, distribution.format.code) == ("Tabelle", "CSV")
    assert issues == ()


def test_the_day_first_or_the_month_first_depends_on_the_language(
    vocabularies: Vocabularies, bare: Dataset, english: Catalog
) -> None:
    raw = replace(bare, issued="03/04/2024")
    french = Normaliser(vocabularies, replace(english, language="fr"))
    assert french.normalise(raw)[0].issued == "2024-04-03"
    assert Normaliser(vocabularies, english).normalise(raw)[0].issued == "2024"


def test_no_record_leaves_more_issues_than_anybody_reads(normaliser: Normaliser, bare: Dataset) -> None:
    many = tuple(Distribution(format=Concept(source=f"형식{number}")) for number in range(500))
    _, issues = normaliser.normalise(replace(bare, distribution=many))
    assert len(issues) == 50
    _, (issue,) = normaliser.normalise(replace(bare, license=Concept(source="조건 " * 1000)))
    assert issue.value is not None
    assert len(issue.value) == 200
