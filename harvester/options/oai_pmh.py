"""Options of the protocol ``oai_pmh``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from harvester.options.base import Options


class OaiPmhOptions(Options):
    """OAI-PMH 2.0 (https://www.openarchives.org/OAI/openarchivesprotocol.html); `url` is the repository's base URL."""

    incremental = True

    metadata_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9\-_.!~*'()]*$")] = ""
    """Metadata format to ask for; none: the best that the repository offers and a mapping reads."""
    sets: tuple[str, ...] = ()
    """setSpecs to list, one after the other; none: the whole repository."""
    overlap_seconds: Annotated[int, Field(ge=0)] = 86_400
    """How far an incremental harvest looks back behind the last one: some repositories write local time as UTC."""
