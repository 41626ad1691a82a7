"""What every protocol's options share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
"""How options name a key: by the environment variable that holds it, never by its value."""

KeyReference: TypeAlias = Annotated[str, Field(pattern=rf"^{REFERENCE.pattern}$")]


class Options(BaseModel):
    """Base of all protocol options: frozen, and a key that is not declared is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default_url: ClassVar[str | None] = None
    """Address of the portal where the protocol belongs to one portal."""
    default_language: ClassVar[str] = "und"
    incremental: ClassVar[bool] = False
    """Whether the protocol can list only what changed since. One that cannot lists everything, so all jobs are full."""

    @property
    def rules(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """Rules of declarative mappings: metadata format → property (`harvester.mapping.declared`) → expressions.

        Of several expressions the first that finds something counts. What language they are in is the format's.
        """
        return {}


def references(value: Any) -> Iterator[str]:
    """Give every ``${NAME}`` in a value and in the values within it; raises `ValueError` for one that is misspelt."""
    if isinstance(value, str):
        if "${" in REFERENCE.sub("", value):
            raise ValueError(f"{value!r}: a key is named as ${{NAME}}, in capital letters, digits and _")
        yield from (found[0] for found in REFERENCE.finditer(value))
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from references(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from references(one)


def merged(whole: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """`whole` with what was `said` in the place of what it says itself; where both are mappings, key by key."""
    return {**whole} | {
        key: merged(whole[key], value) if isinstance(value, Mapping) and isinstance(whole.get(key), Mapping) else value
        for key, value in said.items()
    }
