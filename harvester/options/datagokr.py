"""Options of the protocol ``datagokr``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from harvester.options.base import Options


class DataGoKrOptions(Options):
    """The national portal data.go.kr: one bulk CSV of all agencies, further parts by list key."""

    default_url = "https://www.data.go.kr"
    default_language = "ko"

    organisations: tuple[str, ...] = ()
    """Exact names of agencies (제공기관); a trailing ``*`` is a prefix; none: all agencies."""
    catalogue: str = "15062804"
    """List key of the data set that is the catalogue itself (목록개방현황; 15121937 is the other issue of it)."""
    details: tuple[Literal["schema_org", "rdf"], ...] = ()
    """Further parts to fetch for every record."""
    page_rows: Annotated[int, Field(ge=1, le=10_000)] = 500
    """Selected rows committed at a time."""
