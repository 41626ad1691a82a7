"""What Python's fork server imports once, so that no harvest takes a second of CPU for it: every module of a crawl.

For `harvester.crawl.children` alone: importing this makes the process one to fork harvests from.
"""

from __future__ import annotations

import gc
import os
import signal
from importlib import import_module

from harvester.crawl import child, handler  # noqa: F401 - the handler is what crawls would import first
from harvester.crawl.loader import PROTOCOLS

_CRAWLS_IMPORT = ("downloads", "listing", "politeness")
"""Modules that `harvester.settings` names and Scrapy imports when a crawl begins."""

for _module in _CRAWLS_IMPORT:
    import_module(f"harvester.crawl.{_module}")
for _spider in PROTOCOLS.values():
    import_module(_spider.rpartition(".")[0])
os.setsid()  # a terminal's Ctrl-C is for the command, which asks its harvests to stop
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # supervisors send it to all: harvests that were not told yet start here
gc.freeze()  # a collection in a harvest would copy all these pages
