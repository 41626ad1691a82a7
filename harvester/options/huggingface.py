"""Options of the protocol ``huggingface``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from harvester.options.base import Options


class HuggingFaceOptions(Options):
    """Hugging Face Hub API (https://huggingface.co/docs/hub/api), the data sets of one organisation."""

    default_url = "https://huggingface.co"

    organisation: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    """Name of the organisation or user, as it stands in the addresses of its data sets."""
    rows: Annotated[int, Field(ge=1, le=1000)] = 100
    """Data sets a request."""
