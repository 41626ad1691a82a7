"""JMESPath expressions (https://jmespath.org) of member files: checked before use, evaluated on any JSON value."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.parser import ParsedResult

_FUNCTIONS: Mapping[str, Any] = Functions.FUNCTION_TABLE
_FAULTS = (JMESPathError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError)
"""What evaluating raises on values of other types than the expression expects: the library's own errors, and Python's
where it compares, slices or rounds what it was given."""

_ON_WHAT_CAME_BEFORE = frozenset(
    {"subexpression", "index_expression", "projection", "value_projection", "filter_projection", "flatten", "pipe"}
)
"""Nodes whose first child is applied to the value itself and the others to what that one gave."""


class ExpressionError(ValueError):
    """An expression failed on a value; raised by `find`. The message names both the expression and what is wrong."""


def checked(expression: str) -> str:
    """Give the expression back; raise ValueError where it cannot be read or calls a function that does not exist."""
    try:
        parsed = jmespath.compile(expression)
    except JMESPathError as error:
        raise ValueError(f"no JMESPath expression: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise ValueError("no JMESPath expression: nested too deeply") from None
    for node in _nodes(parsed.parsed):
        if node["type"] == "function_expression" and node["value"] not in _FUNCTIONS:
            near = difflib.get_close_matches(node["value"], _FUNCTIONS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(_FUNCTIONS))}"
            raise ValueError(f"JMESPath has no function {node['value']}(); {hint}")
    return expression


def find(expression: str, value: Any) -> Any:
    """Evaluate an expression on a JSON value; None where nothing is found. Raises nothing but `ExpressionError`."""
    try:
        return _compiled(expression).search(value)
    except _FAULTS as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ExpressionError(f"`{expression}`: {reason}") from None


@lru_cache(maxsize=1024)
def keys_read(expression: str) -> frozenset[str] | None:
    """Top-level keys of an object that an expression looks at; None where it looks at the whole object."""
    keys = set(_keys(_compiled(expression).parsed))
    return None if None in keys else frozenset(key for key in keys if key is not None)


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> ParsedResult:
    return jmespath.compile(expression)


def _nodes(node: Any) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node["children"]:
        if isinstance(child, dict):  # the children of a slice are numbers
            yield from _nodes(child)


def _keys(node: Mapping[str, Any]) -> Iterator[str | None]:
    """Keys that are looked at; None stands for the whole object."""
    kind, children = node["type"], node["children"]
    if kind == "field":
        yield node["value"]
    elif kind in {"current", "identity"}:
        yield None
    elif kind in _ON_WHAT_CAME_BEFORE:
        first, *others = children
        if first["type"] == "current" and kind in {"subexpression", "pipe"}:
            for other in others:
                yield from _keys(other)
        else:
            yield from _keys(first)
    elif kind != "expref":
        for child in children:
            yield from _keys(child)
