"""What each protocol lets a harvest source say in its YAML file, beyond what every source can say.

An unknown key is an error with file and line (`harvester.config`). No conditions, paths or templates: data only.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """Base of all protocol options: frozen, and a key that is not declared is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default_url: ClassVar[str | None] = None
    """Address of the portal where the protocol belongs to one portal."""
    default_language: ClassVar[str] = "und"
    incremental: ClassVar[bool] = False
    """Whether the protocol can list only what changed since. One that cannot lists everything, so all jobs are full."""


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


class DcatOptions(Options):
    """A DCAT feed: data.json, JSON-LD, Turtle, RDF/XML; Hydra paging is followed."""

    format: Literal["auto", "data_json", "json_ld", "turtle", "rdf_xml"] = "auto"
    """``auto`` decides by Content-Type, then by the first bytes."""


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


OPTIONS: dict[str, type[Options]] = {"ckan": CkanOptions, "dcat": DcatOptions, "datagokr": DataGoKrOptions}
"""Every protocol that a YAML file may name, with its options."""
