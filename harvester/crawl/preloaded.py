"""What Python's fork server imports once, so that no harvest takes a second of CPU for it: every module of a crawl.

For `harvester.crawl.children` alone: importing this makes the process one to fork harvests from.
"""

from __future__ import annotations

import gc
import os
from importlib import import_module

from harvester.crawl import child, handler  # noqa: F401 - the handler is what crawls would import first
from harvester.crawl.loader import PROTOCOLS

_CRAWLS_IMPORT = ("downloads", "listing", "politeness")
"""Modules that `harvester.settings` names and Scrapy imports when a crawl begins."""

for _module in _CRAWLS_IMPORT:
    import_module(f"harvester.crawl.{_module}")
for _spider in PROTOCOLS.values():
    import_module(_spider.rpartition(".")[0])
os.setsid()  # what a terminal sends when it closes is for the command, whose end asks its harvests to stop
gc.freeze()  # a collection in a harvest would copy all these pages
