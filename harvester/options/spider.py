"""Options of the protocol ``spider``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from harvester.options.base import Options


class SpiderOptions(Options):
    """A portal that no protocol fits, and that has a spider of its own: ``spiders/<spider>.py`` beside ``members/``."""

    spider: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    """Name of the file, without ``.py``, in the folder ``spiders`` of the configuration."""
    parameters: Mapping[str, str | int | float | bool] = {}
    """Values in the place of those that the spider's own `parameters` have."""
