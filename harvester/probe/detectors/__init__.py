"""The table of detectors, in the order in which they ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harvester.probe.detectors import catalogues, feeds, geographic, hosts, oai_pmh, pages, presets, scripts
from harvester.probe.findings import Detector


def detectors(known_presets: Mapping[str, Mapping[str, Any]]) -> tuple[Detector, ...]:
    """All detectors; what is particular to one host or rare comes last."""
    return (
        hosts.GITHUB,
        hosts.HUGGING_FACE,
        catalogues.CKAN,
        feeds.DCAT,
        geographic.CSW,
        oai_pmh.OAI_PMH,
        geographic.OGC_RECORDS,
        *presets.detectors(known_presets),
        catalogues.DATA_GO_KR,
        pages.SCHEMA_ORG,
        pages.SITEMAP,
        scripts.JSON_BEHIND_A_PAGE,
        feeds.NEWS,
    )
