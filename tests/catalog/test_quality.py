"""The score of metadata, and what makes a dataset unusable."""

from __future__ import annotations

import msgspec
import pytest

from harvester.catalog.model import (
    Agent,
    Concept,
    ContactPoint,
    DataService,
    Dataset,
    Distribution,
    Location,
    PeriodOfTime,
)
from harvester.catalog.quality import _MACHINE_READABLE, _PROPRIETARY, CRITERIA, quality, score
from harvester.catalog.validate import validate
from harvester.catalog.vocabularies import Vocabularies

replace = msgspec.structs.replace


@pytest.fixture
def full(bare: Dataset) -> Dataset:
    return replace(
        bare,
        title={"ko": "전국 병원 현황"},
        description={"ko": "전국 병원의 현황"},
        keyword={"ko": ("병원",)},
        theme=(Concept(source="보건의료", code="보건의료", scheme="datagokr"),),
        spatial=(Location(label={"ko": "전국"}),),
        temporal=(PeriodOfTime(start="2024", end="2024"),),
        publisher=Agent(name={"ko": "시험기관"}),
        contact_point=(ContactPoint(telephone="02-000-0000"),),
        landing_page="https://portal.example/1",
        issued="2024-01-01",
        modified="2024-01-02",
        license=Concept(source="KOGL-1", code="KOGL-1"),
        access_rights=Concept(source="public", code="PUBLIC"),
        rights={"ko": "권리"},
        distribution=(
            Distribution(
                download_url="https://portal.example/1.csv",
                format=Concept(source="CSV", code="CSV"),
                media_type="text/csv",
                byte_size=1,
            ),
        ),
    )


def test_a_full_description_has_full_score(full: Dataset) -> None:
    found = quality(full)
    assert found.score == 100
    assert set(found.dimensions.values()) == {100}
    assert list(found.dimensions) == [
        "findability",
        "accessibility",
        "interoperability",
        "reusability",
        "contextuality",
    ]


def test_an_empty_one_has_none(bare: Dataset) -> None:
    found = quality(bare)
    assert found.score == 0
    assert all(reason.points == 0 and reason.most > 0 for reason in found.reasons)


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        ({"keyword": {}}, ["keyword"]),
        ({"theme": ()}, ["theme"]),
        ({"license": None}, ["license", "known_license"]),
        ({"license": Concept(source="나만의 조건")}, ["known_license"]),
        ({"contact_point": ()}, ["contact_point"]),
        ({"description": {}}, ["dcat_ap"]),
        ({"modified": None}, ["modified"]),
        ({"distribution": (Distribution(format=Concept(source="PDF", code="PDF"), access_url="https://a.kr"),)},
         ["download_url", "media_type", "machine_readable", "byte_size"]),
        ({"distribution": (Distribution(format=Concept(source="HWP", code="HWP"), download_url="https://a.kr",
                                        media_type="application/x-hwp", byte_size=1),)},
         ["open_format", "machine_readable"]),
    ],
)  # fmt: skip
def test_every_lost_point_has_its_reason(full: Dataset, change: dict[str, object], lost: list[str]) -> None:
    found = quality(replace(full, **change))
    assert [reason.code for reason in found.reasons if reason.points < reason.most] == lost
    points = sum(criterion.points for criterion in CRITERIA)
    missing = sum(criterion.points for criterion in CRITERIA if criterion.code in lost)
    assert found.score == round(100 * (points - missing) / points)


def test_its_formats_are_those_of_the_vocabulary(vocabularies: Vocabularies) -> None:
    for code in _MACHINE_READABLE | _PROPRIETARY:
        ((concept, _),) = vocabularies.format(code).formats
        assert concept is not None
        assert concept.code == code


def test_a_dataset_needs_a_title_and_an_identifier(full: Dataset) -> None:
    assert validate(full) == ()
    assert [(one.severity, one.code) for one in validate(replace(full, title={}))] == [("error", "no-title")]
    assert [one.code for one in validate(replace(full, title={"ko": " "}, landing_page=None))] == ["no-title"]
    assert [(one.severity, one.code) for one in validate(replace(full, identifier=" ", landing_page=None))] == [
        ("error", "no-identifier")
    ]


def test_a_dataset_that_leads_nowhere_is_told(full: Dataset) -> None:
    nowhere = replace(full, landing_page=None, distribution=())
    assert [(one.severity, one.code) for one in validate(nowhere)] == [("warning", "no-link")]
    service = Distribution(access_service=DataService(endpoint_url="https://a.kr/api"))
    assert validate(replace(nowhere, distribution=(service,))) == ()


def test_the_score_alone_is_that_of_the_whole_judgement(bare: Dataset, full: Dataset) -> None:
    for dataset in (bare, replace(bare, issued="2024"), full):
        assert score(dataset) == quality(dataset).score
