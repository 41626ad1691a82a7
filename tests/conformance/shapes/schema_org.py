"""Pages with schema.org metadata: those that the member file names, each one a page of the listing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from harvester.members import HarvestSource
from harvester.sample_portals.server import Asked
from tests.conformance.listing import Listing

FAMILY = "html pages"
_SCRIPT = re.compile(r'(<script type="application/ld\+json">)(.*?)(</script>)', re.DOTALL)


def absent(source: HarvestSource) -> dict[str, str]:
    why = "its pages are those that the member file names: no page follows another"
    return {"endless: the same page": why, "endless: growing page numbers": why}


def is_page(asked: Asked, source: HarvestSource) -> bool:
    addresses = source.options.model_dump().get("pages") or (source.url,)
    return asked.path in {unquote(urlsplit(address).path) or "/" for address in addresses}


def empty(listing: Listing) -> list[bytes]:
    return _changed(listing, lambda datasets: [])


def half(listing: Listing) -> list[bytes]:
    return _changed(listing, lambda datasets: datasets[: len(datasets) // 2])


def twice(listing: Listing) -> list[bytes]:
    return _changed(listing, lambda datasets: [*datasets, datasets[0]])


def error(listing: Listing) -> bytes:
    return b"<!DOCTYPE html><html><body><h1>Error</h1></body></html>"


def _changed(listing: Listing, change: Callable[[list[Any]], list[Any]]) -> list[bytes]:
    def script(found: re.Match[str]) -> str:
        stated = json.loads(found[2])
        datasets = stated if isinstance(stated, list) else [stated]
        return f"{found[1]}{json.dumps(change(datasets), ensure_ascii=False)}{found[3]}"

    return [_SCRIPT.sub(script, body.decode()).encode() for body in listing.bodies]
