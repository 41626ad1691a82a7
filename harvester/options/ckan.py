"""Options of the protocol ``ckan``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from harvester.options.base import Options


class CkanOptions(Options):
    """CKAN Action API (https://docs.ckan.org/en/latest/api/)."""

    incremental = True

    rows: Annotated[int, Field(ge=1, le=1000)] = 500
    """Packages a request; CKAN itself caps this at 1000, and a portal's lower cap is noticed and kept to.

    Recorded packages are up to 16 kB on average: 500 keep a page, and with it the memory of a harvest, small.
    """
    filter_query: str = ""
    """Solr filter (``fq``), for example ``organization:seoul``."""
    overlap_seconds: Annotated[int, Field(ge=0)] = 3600
    """How far an incremental harvest looks back behind the last one: a CKAN's index may lag behind its database."""
