"""Options of the protocol ``datagokr``."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from harvester.options.base import KeyReference, Options


class DataGoKrOptions(Options):
    """The national portal data.go.kr: one bulk CSV of all agencies, or its list API; further parts by list key."""

    default_url = "https://www.data.go.kr"
    default_language = "ko"

    organisations: tuple[str, ...] = ()
    """Exact names of agencies (제공기관); a trailing ``*`` is a prefix; none: all agencies."""
    listing: Literal["catalogue", "odcloud"] = "catalogue"
    """What is listed from: the catalogue's file, which is open, or the list API, which needs a key."""
    catalogue: str = "15062804"
    """List key of the data set that is the catalogue itself (목록개방현황; 15121937 is the other issue of it)."""
    details: tuple[Literal["schema_org", "rdf", "page"], ...] = ()
    """Further parts to fetch for every record."""
    page_rows: Annotated[int, Field(ge=1, le=10_000)] = 500
    """Selected rows committed at a time; of the list API, rows a request (where it takes fewer, these)."""
    odcloud_url: str = "https://api.odcloud.kr/api/15077093/v1"
    """Address of the list API."""
    odcloud_lists: Annotated[
        tuple[Literal["open-data-list", "file-data-list", "standard-data-list"], ...], Field(min_length=1)
    ] = ("open-data-list", "file-data-list", "standard-data-list")
    """Lists of the API to read: APIs, files, standard data sets."""
    api_key: KeyReference | None = None
    """Key of the list API by name, ``${DATA_GO_KR_KEY}``; it travels in a header, never in an address."""

    @model_validator(mode="after")
    def _has_its_key(self) -> Self:
        if self.listing == "odcloud" and not self.api_key:
            raise ValueError("listing: odcloud needs api_key: ${DATA_GO_KR_KEY}")
        return self
