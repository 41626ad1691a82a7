"""The child's side: harvest the one source that an order names, as `harvester.crawl.children` asks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import signal
import sys
from logging.handlers import RotatingFileHandler
from multiprocessing.connection import Connection
from pathlib import Path

from scrapy.utils.log import configure_logging

from harvester import config
from harvester.crawl.crawling import crawl
from harvester.crawl.events import Message
from harvester.crawl.loop import event_loop
from harvester.crawl.order import ChildOrder, HarvestOrder
from harvester.crawl.redaction import RedactingFormatter, redact
from harvester.errors import ConfigurationError, DataMoaError, LeaseHeldError
from harvester.ledger.types import JobReport

_LOG_BYTES = 5_000_000
_LOG_FILES = 3
_HEADROOM = 32 * 2**20
"""Bytes that a job cannot do without beyond what is imported: threads have stacks of 8 MB, pages are megabytes."""


def main(order: ChildOrder, until: Connection, told: Connection) -> None:
    """Harvest, and stop gently when `until` ends; tell progress, and the report or the fault, on `told`."""
    os.environ.clear()
    os.environ.update(order.environment)
    settings = config.settings()
    try:
        _log_to(settings, order.source)
    except OSError as error:
        _tell(told, f"its log cannot be written: {error}")
        sys.exit(1)
    try:
        if order.memory:
            _limit_memory(order.memory)
        (source,) = config.select(settings.config, (order.source,))
        loop = event_loop()
        stop = asyncio.Event()
        loop.add_reader(until.fileno(), _stop, stop, until)
        loop.add_signal_handler(signal.SIGTERM, stop.set)  # supervisors send it to every process of a service
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})  # it may have come before
        harvest_order = HarvestOrder(
            settings, order.full, order.limit, order.dry_run, order.started, lambda event: _tell(told, event)
        )
        _tell(told, loop.run_until_complete(crawl(source, harvest_order, stop)))
    except LeaseHeldError as error:
        logging.getLogger(__name__).error("%s", error)
        _tell(told, JobReport(source=order.source, job=0, verdict="failed", reason=str(error), elsewhere=True))
        sys.exit(1)
    except DataMoaError as error:
        logging.getLogger(__name__).error("%s", error)
        _tell(told, redact(str(error)))
        sys.exit(1)


def _limit_memory(megabytes: int) -> None:
    limit, before = megabytes * 2**20, resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, before[1]))
    try:
        bytearray(_HEADROOM)  # else memory ends wherever Scrapy happens to be, which may then wait for ever
    except MemoryError:
        resource.setrlimit(resource.RLIMIT_DATA, before)  # to say so takes memory, too
        raise ConfigurationError(f"no job can begin in {megabytes} MB (--memory)") from None


def _stop(stop: asyncio.Event, until: Connection) -> None:
    event_loop().remove_reader(until.fileno())
    stop.set()


def _tell(told: Connection, message: Message) -> None:
    with contextlib.suppress(BrokenPipeError):  # the parent is gone; the end of `until` says so too
        told.send(message)


def _log_file(settings: config.Settings, source: str) -> Path:
    settings.logs.mkdir(parents=True, exist_ok=True)
    return settings.logs / f"{source}.log"


def _log_to(settings: config.Settings, source: str) -> None:
    with _log_file(settings, source).open("ab") as log:  # what is printed, and what Python says of a fault
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)
    configure_logging({"LOG_INSTALL_ROOT_HANDLER": False})
    handler = RotatingFileHandler(
        _log_file(settings, source), maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8"
    )
    line = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(RedactingFormatter(line))
    logging.root.addHandler(handler)
    for logger in (logging.root, logging.getLogger("scrapy")):  # Scrapy gives its own DEBUG: every page, as text
        logger.setLevel(logging.INFO)
