"""What every protocol's options share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict


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


def merged(whole: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """`whole` with what was `said` in the place of what it says itself; where both are mappings, key by key."""
    return {**whole} | {
        key: merged(whole[key], value) if isinstance(value, Mapping) and isinstance(whole.get(key), Mapping) else value
        for key, value in said.items()
    }
