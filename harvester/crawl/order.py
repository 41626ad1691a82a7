"""What one run of one source was asked for; goes to the parts of a crawl in Scrapy's setting ``HARVEST_ORDER``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from harvester import config
from harvester.crawl.events import ProgressEvent


def _silent(event: ProgressEvent) -> None:
    pass


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a listing an author wants to see: the first `pages` of it, and the first `records` of each."""

    pages: int
    records: int


class Witness(Protocol):
    """Whoever wants to see what a crawl is answered."""

    def watch(self, signals: Any) -> None:
        """Connect to the signals of the crawl (`scrapy.signalmanager.SignalManager`) before it begins."""


@dataclass(frozen=True, slots=True)
class HarvestOrder:
    """What the operator asked for; `full` None: the ledger decides.

    `started` (UTC) is when the command began: a shared download that was fetched since is fresh for all its sources.
    A `sample` that leaves something out makes the job partial ("limit"), as a `limit` does.
    """

    settings: config.Settings
    full: bool | None = None
    limit: int | None = None
    dry_run: bool = False
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    on_progress: Callable[[ProgressEvent], None] = _silent
    sample: Sample | None = None
    witness: Witness | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> HarvestOrder:
        return self  # Scrapy copies its settings deeply; this is frozen


class ChildOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What a child is told. It takes on `environment`, where settings are; `memory` in MB."""

    source: str
    full: bool | None
    limit: int | None
    dry_run: bool
    started: datetime
    environment: dict[str, str]
    memory: int | None = None


def ordered(scrapy_settings: Any) -> HarvestOrder:
    """The order of this crawl; without one (``scrapy crawl``) what `datamoa harvest NAME` would ask for."""
    order = scrapy_settings.get("HARVEST_ORDER")
    return order if isinstance(order, HarvestOrder) else HarvestOrder(config.settings())
