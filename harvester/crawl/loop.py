"""The event loop that crawls run in, in this process."""

from __future__ import annotations

import asyncio
import contextlib

from scrapy.utils.reactor import install_reactor, set_asyncio_event_loop
from twisted.internet.error import ReactorAlreadyInstalledError


def event_loop() -> asyncio.AbstractEventLoop:
    """The asyncio loop under Scrapy's reactor, which is installed at the first call.

    The loop is run as long as a crawl takes, and not the reactor: that one runs once in the life of a process.
    """
    with contextlib.suppress(ReactorAlreadyInstalledError):
        install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    return set_asyncio_event_loop(None)
