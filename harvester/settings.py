"""Scrapy settings of every crawl: each line says Scrapy's default and why ours is another.

Scrapy's defaults are for experiments on one's own; these are for other people's servers and hostile answers.
"""

from __future__ import annotations

from typing import Any

from harvester import __version__
from harvester.members import HarvestSource

BOT_NAME = "datamoa"  # default "scrapybot": it is us
SPIDER_LOADER_CLASS = "harvester.crawl.loader.SourceLoader"  # default: classes in modules; ours come from YAML
SPIDER_MODULES: list[str] = []  # the default, written down: spiders are found by the loader alone
ITEM_PIPELINES = {"harvester.crawl.pipeline.LedgerPipeline": 300}  # default none: pages go to the ledger
CONCURRENT_ITEMS = 1  # default 100: pages are committed one after the other, in the order of the listing

# Who we are, and being welcome
USER_AGENT = f"DataMoa/{__version__} (harvester of open-data catalogues)"  # default Scrapy/… (+https://scrapy.org)
ROBOTSTXT_OBEY = True  # default False: what a portal asks of robots is kept to
ROBOTSTXT_USER_AGENT = "DataMoa"  # default None (the whole user agent): robots.txt groups name a product
AUTOTHROTTLE_ENABLED = True  # default False: as slow as the server is
AUTOTHROTTLE_START_DELAY = 1.0  # default 5: the first requests (robots.txt, first page) are few
CONCURRENT_REQUESTS = 2  # default 16: one source is one host, or nearly
CONCURRENT_REQUESTS_PER_DOMAIN = 2  # default 8: portals are small servers
DOWNLOAD_DELAY = 0.5  # default 0: at most two requests a second
RETRY_TIMES = 4  # default 2: a listing that loses one page is not complete
RETRY_AFTER_MAX = 300  # ours: seconds; a portal that asks for longer is asked again after this
RETRY_BACKOFF = 2.0  # ours: seconds before the first retry where no Retry-After is given, doubled each time
COOKIES_ENABLED = False  # default True: no session, so a resumed listing gets the same answers
DEFAULT_REQUEST_HEADERS = {  # default: what a browser asks for, in English
    "Accept": "application/json, application/xml;q=0.9, text/html;q=0.8, */*;q=0.7",
    "Accept-Language": "ko, en;q=0.8",
}

# Limits
DOWNLOAD_TIMEOUT = 60  # default 180: with the retries, a dead portal is given up after minutes
SPOOL_TIMEOUT = 3600  # ours: seconds for a download that goes to disk; DOWNLOAD_TIMEOUT limits its silences
DOWNLOAD_MAXSIZE = 64 * 1024 * 1024  # default 1 GiB: bodies are held in memory; also after decompression
DOWNLOAD_WARNSIZE = 0  # default 32 MiB: pages of 1,000 records are that big and no reason to warn
SPOOL_MAXSIZE = 2 * 1024 * 1024 * 1024  # ours: bytes on disk after decompression
URLLENGTH_LIMIT = 0  # default 2083: a longer request would be dropped without a word, and its page lost
REDIRECT_MAX_TIMES = 5  # default 20: no portal needs more
METAREFRESH_ENABLED = False  # default True: data is not redirected by HTML; a login page would be followed
REFERRER_POLICY = "no-referrer"  # default strict-origin-when-cross-origin: addresses of ours may hold keys
DNS_TIMEOUT = 20  # default 60: within DOWNLOAD_TIMEOUT, so that the reason is told apart
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"  # default remembers every URL: unneeded, and memory grows

# A safe house
DOWNLOAD_VERIFY_CERTIFICATES = True  # default False
TWISTED_DNS_RESOLVER = "harvester.crawl.guard.GuardedResolver"  # default: connects to whatever a name says
ALLOW_PRIVATE_ADDRESSES = False  # ours: see `of_source`
DOWNLOAD_HANDLERS = {  # default: these two, and those set to None here
    "http": "harvester.crawl.handler.GuardedDownloadHandler",
    "https": "harvester.crawl.handler.GuardedDownloadHandler",
    "file": None,  # would read local files that a portal's answer names
    "data": None,
    "ftp": None,
    "s3": None,
}
HTTPPROXY_ENABLED = False  # default True: a proxy from the environment would resolve names behind the guard's back
TELNETCONSOLE_ENABLED = False  # default True: a Python console on a socket
REMOTE_CONTROL_ENABLED = False  # default True: an HTTP server that runs code
EXTENSIONS_BASE = {  # default: eleven, telnet and remote control among them; even what is off is imported
    "scrapy.extensions.corestats.CoreStats": 0,
    "scrapy.extensions.throttle.AutoThrottle": 0,
}

# What a request and its answer go through, from the crawl to the network. Written out whole, because what is missing
# here (cookies, authentication, proxies, caches, HTML redirects) is to stay missing.
DOWNLOADER_MIDDLEWARES_BASE: dict[str, int] = {}  # default: Scrapy's fourteen
DOWNLOADER_MIDDLEWARES = {  # default none
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": 100,
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 350,
    "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 400,
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 500,
    "harvester.crawl.politeness.PoliteRetryMiddleware": 550,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": 590,
    "harvester.crawl.politeness.CarefulRedirectMiddleware": 600,
    "harvester.crawl.downloads.SharedDownloadMiddleware": 840,  # next to the network: it holds a lock meanwhile
    "harvester.crawl.conditional.ConditionalRequestMiddleware": 845,  # before the stats: they count what came
    "scrapy.downloadermiddlewares.stats.DownloaderStats": 850,
}
SPIDER_MIDDLEWARES = {"harvester.crawl.listing.ListingMiddleware": 10}  # default none: faults of a listing are told

# Not asking twice
CONDITIONAL_REQUESTS = True  # ours: ETag and Last-Modified are sent back; 304 spares the portal and us the body
HTTPCACHE_ENABLED = True  # default False: Scrapy's cache does the work, see `harvester.crawl.conditional`
HTTPCACHE_POLICY = "harvester.crawl.conditional.ConditionalPolicy"  # default: everything is fresh for ever
HTTPCACHE_STORAGE = "harvester.crawl.conditional.SqliteCacheStorage"  # default: seven files for each answer

# Logs
LOG_LEVEL = "INFO"  # default DEBUG: a line for each request, with its URL
LOG_VERSIONS: list[str] = []  # default: a line with the versions of ten libraries at each start
WARN_ON_GENERATOR_RETURN_VALUE = False  # default True: reads the source of every callback


def of_source(source: HarvestSource) -> dict[str, Any]:
    """Settings of one source that differ from those above.

    A source that is our own (`allow_private`) is reached on loopback and private addresses, and as fast as it can.
    """
    settings: dict[str, Any] = {}
    if not source.conditional_requests:
        settings["CONDITIONAL_REQUESTS"] = False
    if source.allow_private:
        settings |= {
            "ALLOW_PRIVATE_ADDRESSES": True,
            "AUTOTHROTTLE_ENABLED": False,
            "DOWNLOAD_DELAY": 0,
            "CONCURRENT_REQUESTS": 16,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
            "RETRY_BACKOFF": 0.05,
        }
    if source.download_delay is not None:
        settings["DOWNLOAD_DELAY"] = source.download_delay
    if source.concurrent_requests is not None:
        settings["CONCURRENT_REQUESTS"] = source.concurrent_requests
        settings["CONCURRENT_REQUESTS_PER_DOMAIN"] = source.concurrent_requests
    return settings
