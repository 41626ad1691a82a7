"""Options of the protocol ``dcat``."""

from __future__ import annotations

from typing import Literal

from harvester.options.base import Options


class DcatOptions(Options):
    """A DCAT feed: data.json, JSON-LD, Turtle, RDF/XML; Hydra paging is followed."""

    format: Literal["auto", "data_json", "json_ld", "turtle", "rdf_xml"] = "auto"
    """``auto`` decides by Content-Type, then by the first bytes."""
