"""What both declarative JSON mappings share: a record, the rules of its format, and the dataset that they give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harvester.catalog.model import Catalog, Issue, Mapped
from harvester.mapping.declared import first_found, to_mapped
from harvester.mapping.expressions import ExpressionError, find, keys_read
from harvester.mapping.json_values import load_object


def evaluated(payload: bytes, identifier: str, catalog: Catalog, format: str) -> Mapped:
    """Map a record by the rules that its source has for `format`.

    Rules that fill no property (identifier, selection) only say what else is read. An expression that fails on this
    record finds nothing and leaves an issue. Raises `RecordError` where the payload is no JSON object.
    """
    record = load_object(payload)
    rules = catalog.rules.get(format, {})
    issues: list[Issue] = []

    def asked(name: str, expression: str) -> Any:
        try:
            value = find(expression, record)
        except ExpressionError as error:
            issues.append(Issue(severity="info", code="expression-failed", message=str(error)[:500], field=name))
            return None
        return None if _is_nothing(value) else value

    found = first_found(rules, asked)
    return to_mapped(found, identifier, catalog, unread=_unread(record, rules.values()), issues=tuple(issues))


def _unread(record: Mapping[str, Any], expressions: Iterable[Iterable[str]]) -> set[str]:
    read: set[str] = set()
    for expression in (each for several in expressions for each in several):
        keys = keys_read(expression)
        if keys is None:
            return set()
        read |= keys
    return {key for key, value in record.items() if key not in read and not _is_nothing(value)}


def _is_nothing(value: Any) -> bool:
    return value is None or value == [] or value == {} or (isinstance(value, str) and not value.strip())
