from __future__ import annotations

from typing import Any

import pytest

from harvester.catalog.model import Concept
from harvester.mapping import json_values


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  a ", {"ko": "a"}),
        ("", {}),
        (None, {}),
        (7, {"ko": "7"}),
        (True, {"ko": "true"}),
        ([], {}),
        (["", "a", "b"], {"ko": "a"}),
        ({"@value": "a", "@language": "en"}, {"en": "a"}),
        (
            [{"@value": "a", "@language": "en"}, {"@value": "b", "@language": "de"}, "c"],
            {"en": "a", "de": "b", "ko": "c"},
        ),
        ({"de": "a", "fr": "", "pt_BR": "b"}, {"de": "a", "pt-BR": "b"}),
        ([{"de": "a"}], {"de": "a"}),
        ('{"de": "a"}', {"de": "a"}),
        ('{"not a language": "a"}', {"ko": '{"not a language": "a"}'}),
        ("{broken", {"ko": "{broken"}),
        ([[["deep"]]], {}),
    ],
)
def test_text_in_all_its_shapes(value: Any, expected: dict[str, str]) -> None:
    assert json_values.lang_text(value, "ko") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["a", "b", "a"], {"ko": ("a", "b")}),
        ("a, b", {"ko": ("a, b",)}),
        ('["a", "b"]', {"ko": ("a", "b")}),
        ({"en": ["a"], "de": []}, {"en": ("a",)}),
        ([{"name": "a"}, {"@value": "b", "@language": "en"}, 5, None, ""], {"ko": ("a", "5"), "en": ("b",)}),
        (
            [{"de": "Handel", "fr": "Commerce"}, {"de": "Zoll", "fr": ""}],
            {"de": ("Handel", "Zoll"), "fr": ("Commerce",)},
        ),
        (None, {}),
        (0, {}),
    ],
)
def test_keywords_in_all_their_shapes(value: Any, expected: dict[str, tuple[str, ...]]) -> None:
    assert json_values.lang_keywords(value, "ko") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12", 12),
        ("1,234,567", 1234567),
        ("1 234", 1234),
        ("12.0", 12),
        (12, 12),
        (12.0, 12),
        (12.5, None),
        (-1, None),
        (True, None),
        ("many", None),
        (1e400, None),
        ("9" * 40, None),
        (None, None),
        ([1], None),
    ],
)
def test_counts(value: Any, expected: int | None) -> None:
    assert json_values.count(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("42 octets", 42),
        ("1.5 MB", 1_500_000),
        ("3 ko", 3000),
        ("610924", 610924),
        (0, None),
        ("", None),
        ("big", None),
    ],
)
def test_sizes_in_bytes(value: Any, expected: int | None) -> None:
    assert json_values.byte_size(value) == expected


def test_concepts() -> None:
    assert json_values.concept("CSV") == Concept(source="CSV")
    assert json_values.concept(["", {"title": "Free", "url": "https://a.example"}]) == Concept(
        source="Free", uri="https://a.example"
    )
    assert json_values.concept({"@id": "https://a.example"}) == Concept(
        source="https://a.example", uri="https://a.example"
    )
    assert json_values.concept({"nothing": 1}) is None
    assert json_values.concepts('["a", "b", "a"]') == (Concept(source="a"), Concept(source="b"))


def test_agents_in_all_their_shapes() -> None:
    value = ["A", {"name": "B", "email": "mailto:b@example.org"}, {"@id": "https://c.example"}, 5, None, {}]
    names = [agent.name for agent in json_values.agents(value, "ko")]
    assert names == [{"ko": "A"}, {"ko": "B"}, {"ko": "https://c.example"}, {"ko": "5"}]
