"""Options of the protocol ``spider``."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from harvester.options.base import Options


class SpiderOptions(Options):
    """A portal that no protocol fits, and that has a spider of its own: ``spiders/<spider>.py`` beside ``members/``."""

    spider: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    """Name of the file, without ``.py``, in the folder ``spiders`` of the configuration."""
    parameters: Mapping[str, str | int | float | bool] = {}
    """Values in the place of those that the spider's own `parameters` have."""

    @field_validator("spider")
    @classmethod
    def _is_there(cls, value: str, info: ValidationInfo) -> str:
        """Refuse a name that is not among the names of `context`, which only a reader of a configuration knows."""
        known = info.context() if info.context else None
        if known is None or value in known:
            return value
        near = difflib.get_close_matches(value, known, n=1)
        hint = f"did you mean {near[0]}?" if near else "`datamoa new` writes one to start from"
        raise ValueError(f"there is no spiders/{value}.py beside members/; {hint}")
