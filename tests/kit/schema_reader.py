"""A reader of JSON Schema that knows the words which the schema of member files uses, and refuses all others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
_SAYS_NOTHING = {"$schema", "$defs", "title", "description", "default", "examples", "format", "discriminator"}


def faults(schema: Any, value: Any, root: dict[str, Any], path: str = "") -> Iterator[str]:
    """Say where and by which word of the schema the value is wrong."""
    if schema is True:
        return
    for word, said in schema.items():
        if word not in _SAYS_NOTHING:
            yield from _faults(word, said, schema, value, root, path)


def _faults(word: str, said: Any, schema: Any, value: Any, root: dict[str, Any], path: str) -> Iterator[str]:
    wrong = f"{path}: {word}"
    match word:
        case "$ref":
            yield from faults(root["$defs"][said.removeprefix("#/$defs/")], value, root, path)
        case "type":
            right = isinstance(value, _TYPES[said]) and not (isinstance(value, bool) and said in ("integer", "number"))
            if not right:
                yield wrong
        case "enum":
            if value not in said:
                yield wrong
        case "const":
            if value != said:
                yield wrong
        case "patternProperties":
            for pattern, one in said.items() if isinstance(value, dict) else ():
                for name in filter(re.compile(pattern).search, value):
                    yield from faults(one, value[name], root, f"{path}.{name}")
        case "pattern":
            if isinstance(value, str) and not re.search(said, value):
                yield wrong
        case "minimum" | "maximum":
            if isinstance(value, (int, float)) and (value < said if word == "minimum" else value > said):
                yield wrong
        case "required":
            yield from (f"{path}.{name}: required" for name in said if isinstance(value, dict) and name not in value)
        case "properties":
            if isinstance(value, dict):
                for name in said.keys() & value.keys():
                    yield from faults(said[name], value[name], root, f"{path}.{name}")
        case "additionalProperties":
            for name in value.keys() - schema.get("properties", {}).keys() if isinstance(value, dict) else ():
                if said is False:
                    yield f"{path}.{name}: unknown"
                else:
                    yield from faults(said, value[name], root, f"{path}.{name}")
        case "propertyNames":
            for name in value if isinstance(value, dict) else ():
                yield from faults(said, name, root, f"{path}.{name}")
        case "items":
            for number, one in enumerate(value if isinstance(value, list) else ()):
                yield from faults(said, one, root, f"{path}[{number}]")
        case "anyOf":
            if all(list(faults(one, value, root, path)) for one in said):
                yield wrong
        case "allOf":
            for one in said:
                yield from faults(one, value, root, path)
        case "if":
            if not list(faults(said, value, root, path)):
                yield from faults(schema.get("then", True), value, root, path)
        case "oneOf":
            if sum(not list(faults(one, value, root, path)) for one in said) != 1:
                yield wrong
        case "minLength" | "maxLength" | "minItems" | "maxItems":
            kind = str if word.endswith("Length") else list
            if isinstance(value, kind) and (len(value) < said if word.startswith("min") else len(value) > said):
                yield wrong
        case "exclusiveMinimum" | "exclusiveMaximum":
            if isinstance(value, (int, float)) and (value <= said if word.endswith("Minimum") else value >= said):
                yield wrong
        case "then":
            return  # read with its `if`
        case _:
            raise AssertionError(f"a word that this reader does not know: {word}")
