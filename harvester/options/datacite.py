"""Options of the protocol ``datacite``."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from harvester.options.base import Options


class DataCiteOptions(Options):
    """DataCite REST API (https://support.datacite.org/docs/api), datasets by the affiliation of whoever made them."""

    default_url = "https://api.datacite.org"

    affiliations: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Exact names of the institution, as creators and contributors give it; a name with more words is another one."""
    ror: tuple[Annotated[str, Field(pattern=r"^https://ror\.org/0[a-z0-9]{8}$")], ...] = ()
    """ROR ids of the institution, as ``https://ror.org/…``."""
    rows: Annotated[int, Field(ge=1, le=1000)] = 200
    """Records a request; DataCite itself caps this at 1000. Records with hundreds of creators are large."""

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if not self.affiliations and not self.ror:
            raise ValueError("whose datasets? give affiliations (exact names), ror (ids), or both")
        return self
