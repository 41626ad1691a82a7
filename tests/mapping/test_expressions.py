"""JMESPath expressions: mistakes are told before they are used, and no value makes them raise anything else."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester.mapping.expressions import ExpressionError, checked, find, keys_read


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("a[", "no JMESPath expression"),
        ("", "cannot be empty"),
        ("a == 'x", "Unclosed"),
        ("joine(',', a)", "no function joine(); did you mean join?"),
        ("a[?nope(@)]", "no function nope()"),
    ],
)
def test_a_mistake_is_told(expression: str, words: str) -> None:
    with pytest.raises(ValueError, match="JMESPath") as caught:
        checked(expression)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("expression", "keys"),
    [
        ("a.b.c", {"a"}),
        ("@.a", {"a"}),
        ("a[?x == 'y'].b | [0]", {"a"}),
        ("[a, b.c] | [] | [?@]", {"a", "b"}),
        ("{t: a, u: b[].x}", {"a", "b"}),
        ("join('', ['/x/', to_string(id)])", {"id"}),
        ("a && !b || c > d", {"a", "b", "c", "d"}),
        ("sort_by(a, &b)[0].c", {"a"}),
        ("'constant'", set()),
        ("@", None),
        ("*.x", None),
        ("keys(@)", None),
    ],
)
def test_the_keys_that_an_expression_looks_at(expression: str, keys: set[str] | None) -> None:
    assert keys_read(checked(expression)) == keys


EXPRESSIONS = [
    "a", "a.b", "a[0]", "a[::0]", "a[]", "*.a", "a[?b > c]", "a < b", "join(',', a)", "contains(a, b)",
    "ceil(to_number(a))", "avg(a)", "sum(a)", "sort(a)", "sort_by(a, &b)", "max_by(a, &b)", "map(&b, a)", "merge(a, b)",
    "length(a)", "abs(a)",
    "reverse(a)", "starts_with(a, b)", "to_string(a)", "keys(a)", "values(a)", "floor(a)", "max(a)", "to_array(a)[1:]",
]  # fmt: skip
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just("9" * 400)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)),
    max_leaves=8,
)


@pytest.mark.parametrize("expression", EXPRESSIONS)
@given(value=values)
@settings(max_examples=60, deadline=None)
def test_no_value_makes_an_expression_raise_anything_else(expression: str, value: Any) -> None:
    with suppress(ExpressionError):
        find(checked(expression), value)


def test_what_fails_is_named() -> None:
    with pytest.raises(ExpressionError, match=r"`ceil\(a\)`: .*number"):
        find("ceil(a)", {"a": "x"})
