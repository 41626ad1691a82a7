"""What the options of declarative protocols share: properties, and the expressions that find them."""

from __future__ import annotations

import difflib
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from harvester.mapping.declared import PROPERTIES, is_property


def _property(name: str) -> str:
    if is_property(name):
        return name
    near = difflib.get_close_matches(name, PROPERTIES, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(sorted(PROPERTIES))}, additional.<name>"
    raise ValueError(f"no property is called {name!r}; {hint}")


def _several(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else (value,)


Property = Annotated[
    str,
    AfterValidator(_property),
    WithJsonSchema({"type": "string", "anyOf": [{"enum": sorted(PROPERTIES)}, {"pattern": r"^additional\..*\S"}]}),
]
"""A name that a rule may fill, see `harvester.mapping.declared`."""

OneOrSeveral = BeforeValidator(_several, json_schema_input_type=str | list[str])
"""Lets a list be written without brackets where it has one element."""
