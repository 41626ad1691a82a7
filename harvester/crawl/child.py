"""The child's side: harvest the one source that a line on stdin names, as `harvester.crawl.children` asks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import signal
import sys
from datetime import datetime
from logging.handlers import RotatingFileHandler

import msgspec
from scrapy.utils.log import configure_logging

from harvester import config
from harvester.crawl.children import ChildMessage, ChildOrder, log_file
from harvester.crawl.crawling import crawl
from harvester.crawl.events import ProgressEvent
from harvester.crawl.loop import event_loop
from harvester.crawl.order import HarvestOrder
from harvester.crawl.redaction import RedactingFormatter, redact
from harvester.errors import DataMoaError

_LOG_BYTES = 5_000_000
_LOG_FILES = 3
_HEADROOM = 32 * 2**20
"""Bytes that a job cannot do without beyond what is imported: threads have stacks of 8 MB, pages are megabytes."""


def main() -> None:
    """Harvest; tell progress, and the report or the fault, on stdout."""
    line = sys.stdin.buffer.readline()
    if not line:
        return  # whoever started it is gone
    order = msgspec.json.decode(line, type=ChildOrder)
    os.environ.clear()
    os.environ.update(order.environment)
    os.chdir(order.folder)
    settings = config.settings()
    _log_to(settings, order.source)
    if order.memory:
        limit = order.memory * 2**20
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        bytearray(_HEADROOM)  # else memory ends wherever Scrapy happens to be, which may then wait for ever
    try:
        (source,) = config.select(settings.config, (order.source,))
        loop = event_loop()
        stop = asyncio.Event()
        loop.add_reader(sys.stdin.fileno(), _at_its_end, stop)
        loop.add_signal_handler(signal.SIGTERM, stop.set)  # supervisors send it to every process of a service
        harvest_order = HarvestOrder(
            settings, order.full, order.limit, order.dry_run, datetime.fromisoformat(order.started), _tell_progress
        )
        _tell(ChildMessage(report=loop.run_until_complete(crawl(source, harvest_order, stop))))
    except DataMoaError as error:
        logging.getLogger(__name__).error("%s", error)
        _tell(ChildMessage(fault=redact(str(error))))
        sys.exit(1)


def _at_its_end(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        event_loop().remove_reader(sys.stdin.fileno())
        stop.set()


def _tell_progress(event: ProgressEvent) -> None:
    _tell(ChildMessage(progress=event))


def _tell(message: ChildMessage) -> None:
    with contextlib.suppress(BrokenPipeError):  # the parent is gone; the end of stdin says so too
        os.write(sys.stdout.fileno(), msgspec.json.encode(message) + b"\n")


def _log_to(settings: config.Settings, source: str) -> None:
    configure_logging({"LOG_INSTALL_ROOT_HANDLER": False})
    handler = RotatingFileHandler(
        log_file(settings, source), maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8"
    )
    line = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(RedactingFormatter(line))
    logging.root.addHandler(handler)
    for logger in (logging.root, logging.getLogger("scrapy")):  # Scrapy gives its own DEBUG: every page, as text
        logger.setLevel(logging.INFO)


if __name__ == "__main__":
    main()
