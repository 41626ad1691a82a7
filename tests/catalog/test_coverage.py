from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harvester.catalog import coverage
from harvester.catalog.model import Dataset, Distribution

IDENTITY = {"id", "source", "identifier"}


def test_every_property_has_its_bit() -> None:
    of_dataset = set(Dataset.__struct_fields__) - IDENTITY
    of_distribution = {f"distribution.{field}" for field in Distribution.__struct_fields__}
    assert set(coverage.PROPERTIES) == of_dataset | of_distribution
    assert len(coverage.PROPERTIES) == len(set(coverage.PROPERTIES)) < 63, "databases count to 2^63"


def test_ledgers_know_the_properties_by_their_places() -> None:
    assert coverage.PROPERTIES[:3] == ("title", "description", "keyword")
    assert coverage.PROPERTIES.index("additional") == 27
    assert coverage.PROPERTIES.index("distribution.access_service") == 42


def test_what_a_dataset_covers() -> None:
    distributions = (Distribution(access_url="https://a.example.org"), Distribution(byte_size=3))
    dataset = Dataset(id="i", source="s", identifier="1", title={"ko": "제목"}, distribution=distributions)
    covered = coverage.covered(dataset)
    assert list(coverage.names(covered)) == [
        "title", "distribution", "distribution.access_url", "distribution.byte_size",
    ]  # fmt: skip
    assert coverage.bits_of(coverage.names(covered)) == covered


@given(st.lists(st.integers(0, (1 << len(coverage.PROPERTIES)) - 1)))
def test_counting_at_once_is_counting_one_by_one(numbers: list[int]) -> None:
    counts: dict[str, int] = {}
    for number in numbers:
        for name in coverage.names(number):
            counts[name] = counts.get(name, 0) + 1
    assert coverage.count(numbers) == counts


def test_where_rules_look_for_a_property() -> None:
    rules = {
        "html_row": {"title": ("dl dt a",), "download_url": ("a.file",), "views": (".count",)},
        "html_detail": {"title": ("h1", "dl dt a"), "contact_email": (".mail",), "additional.부서": (".team",)},
    }
    assert coverage.by_property(rules) == {
        "title": ("dl dt a", "h1"),
        "distribution.download_url": ("a.file",),
        "contact_point": (".mail",),
        "additional": (".team",),
    }
