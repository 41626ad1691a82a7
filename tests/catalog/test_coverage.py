from __future__ import annotations

from itertools import zip_longest

from hypothesis import given
from hypothesis import strategies as st

from harvester.catalog import coverage
from harvester.catalog.model import Agent, ContactPoint, Dataset, Distribution, Location, PeriodOfTime

IDENTITY = {"id", "source", "identifier"}


def test_every_property_has_its_bit() -> None:
    of_dataset = set(Dataset.__struct_fields__) - IDENTITY
    of_distribution = {f"distribution.{field}" for field in Distribution.__struct_fields__}
    parts = {"publisher": Agent, "contact_point": ContactPoint, "temporal": PeriodOfTime, "spatial": Location}
    of_parts = {f"{name}.{field}" for name, kind in parts.items() for field in kind.__struct_fields__}
    left_out = {"publisher.name", "publisher.source_name", "temporal.label"}  # have no life of their own
    assert set(coverage.PROPERTIES) == of_dataset | of_distribution | of_parts - left_out
    assert len(coverage.PROPERTIES) == len(set(coverage.PROPERTIES)) < 63, "databases count to 2^63"


def test_ledgers_know_the_properties_by_their_places() -> None:
    assert coverage.PROPERTIES[:3] == ("title", "description", "keyword")
    assert coverage.PROPERTIES.index("additional") == 27
    assert coverage.PROPERTIES.index("distribution.access_service") == 42
    assert coverage.PROPERTIES.index("publisher.identifier") == 43
    assert coverage.PROPERTIES.index("spatial.geometry") == 55
    assert len(coverage.PROPERTIES) < coverage.FIRST_TRAIT


def test_what_a_dataset_covers() -> None:
    distributions = (Distribution(access_url="https://a.example.org"), Distribution(byte_size=3))
    dataset = Dataset(id="i", source="s", identifier="1", title={"ko": "제목"}, distribution=distributions)
    covered = coverage.covered(dataset)
    assert list(coverage.names(covered)) == [
        "title", "distribution", "distribution.access_url", "distribution.byte_size",
    ]  # fmt: skip
    assert coverage.bits_of(coverage.names(covered)) == covered


def test_parts_of_what_a_dataset_has_are_covered_one_by_one() -> None:
    dataset = Dataset(
        id="i",
        source="s",
        identifier="1",
        publisher=Agent(name={"ko": "한국전력공사"}, homepage="https://kepco.example.org"),
        contact_point=(ContactPoint(email="a@example.org"), ContactPoint(telephone="061-345-3114")),
        temporal=(PeriodOfTime(start="2024"),),
        spatial=(Location(bbox=(126.0, 33.0, 130.0, 39.0)),),
    )
    assert set(coverage.names(coverage.covered(dataset))) == {
        "publisher", "publisher.homepage", "contact_point", "contact_point.email", "contact_point.telephone",
        "temporal", "temporal.start", "spatial", "spatial.bbox",
    }  # fmt: skip


TRAITS = ("additional.부서", coverage.found_at("title", "dl dt a"))


@given(
    st.lists(st.integers(0, (1 << len(coverage.PROPERTIES)) - 1)),
    st.lists(st.integers(0, 3).map(lambda traits: traits << coverage.FIRST_TRAIT)),
)
def test_counting_at_once_is_counting_one_by_one(properties: list[int], traits: list[int]) -> None:
    numbers = [one | other for one, other in zip_longest(properties, traits, fillvalue=0)]
    counts: dict[str, int] = {}
    for number in numbers:
        for name in coverage.names(number, TRAITS):
            counts[name] = counts.get(name, 0) + 1
    assert coverage.count(numbers, TRAITS) == counts
    assert [coverage.bits_of(coverage.names(number, TRAITS), TRAITS) for number in numbers] == numbers


def test_a_name_tells_what_it_is_a_part_or_a_place_of() -> None:
    assert [coverage.whole_of(name) for name in ("title", "contact_point.email", TRAITS[0], TRAITS[1])] == [
        "", "contact_point", "additional", "title",
    ]  # fmt: skip
    assert [coverage.found_at(filled, "x") for filled in ("contact_email", "format", "additional.a.b", "views")] == [
        "contact_point.email at `x`", "distribution.format at `x`", "additional.a.b at `x`", "views at `x`",
    ]  # fmt: skip
    assert [name for name in (*coverage.PROPERTIES, *TRAITS) if coverage.is_place(name)] == ["title at `dl dt a`"]


def test_where_rules_look_for_a_property() -> None:
    rules = {
        "html_row": {"title": ("dl dt a",), "download_url": ("a.file",), "views": (".count",)},
        "html_detail": {"title": ("h1", "dl dt a"), "contact_email": (".mail",), "additional.부서": (".team",)},
    }
    assert coverage.by_property(rules) == {
        "title": ("dl dt a", "h1"),
        "distribution.download_url": ("a.file",),
        "contact_point": (".mail",),
        "contact_point.email": (".mail",),
        "additional": (".team",),
        "additional.부서": (".team",),
    }
