"""schema.org in its many spellings: prefixed or whole names, lists of types, ordered lists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PREFIX = re.compile(r"(?:schema|sc|so|https?://(?:www\.)?schema\.org/?)[:/#]|https?://(?:www\.)?schema\.org/", re.I)
_ALIASES = {
    "cr:recordSet": "recordSet",
    "dct:conformsTo": "conformsTo",
    "prov:wasDerivedFrom": "isBasedOn",
    "spdx:checksum": "checksum",
}
MAX_DEPTH = 40
"""Metadata nests a tenth of this; what lies deeper is left out."""


def local(name: str) -> str:
    """Give the name of a type or property without schema.org's prefix or address."""
    return _ALIASES.get(name) or _PREFIX.sub("", name, count=1) or name


def types_of(node: Mapping[str, Any]) -> frozenset[str]:
    """Types of a node."""
    stated = node.get("@type") or node.get("type")
    return frozenset(local(one) for one in (stated if isinstance(stated, list) else [stated]) if isinstance(one, str))


def is_dataset(node: Any) -> bool:
    """Whether a node is a schema.org Dataset."""
    return isinstance(node, dict) and "Dataset" in types_of(node)


def plain(value: Any, depth: int = 0) -> Any:
    """Copy a JSON value with local names as keys, and with ``@list`` and ``@set`` as the lists that they hold."""
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, list):
        return [plain(one, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    for key in ("@list", "@set"):
        if key in value:
            return plain(value[key], depth + 1)
    found: dict[str, Any] = {}
    for key, one in value.items():
        if (name := local(key)) not in found or key == name:
            found[name] = plain(one, depth + 1)
    return found


def objects(value: Any) -> list[dict[str, Any]]:
    """Objects of a value: it, or those of its list."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
