"""The table of faults: what each does to the requests of a source, and the verdict, reason and counts that must come.

Data only. Keyed by the family of a protocol (`shapes.Shape.FAMILY`) where families differ. A fault that a family cannot
have is `Absent` there, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.conformance import strikes
from tests.conformance.strikes import Strike, everywhere, for_ever, instead, on_pages
from tests.portals import faults


@dataclass(frozen=True)
class Must:
    """What a harvest under the fault must say.

    `unchanged`: ``all`` (every count is that of a healthy harvest), ``some`` (fewer, but not none), ``none``.
    """

    verdict: Literal["complete", "partial", "held", "failed"]
    reason: str = ""
    unchanged: Literal["all", "some", "none"] = "none"
    duplicate: int = 0
    rejected: bool = False


@dataclass(frozen=True)
class Absent:
    """Why a family cannot have the fault."""

    why: str


@dataclass(frozen=True)
class Row:
    """One fault. `single`: for a source whose listing is one page. `settings` of the crawl, so that nobody waits."""

    strike: Strike
    must: Must
    families: Mapping[str, Must | Absent] = field(default_factory=dict)
    single: Must | None = None
    accepting: Must | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    harvests: int = 1

    def of(self, family: str) -> Must | Absent:
        """What holds for a family."""
        return self.families.get(family, self.must)


FAMILIES = ("json pages", "html pages", "xml pages", "one file")
COMPLETE = Must("complete", unchanged="all")
NO_PAGES = Absent("its listing is one file: there is no page that another could follow")

TABLE: dict[str, Row] = {
    "timeout": Row(
        everywhere(lambda: faults.slow(0.5)),
        Must("failed", "timeout"),
        settings={"DOWNLOAD_TIMEOUT": 0.15, "RETRY_TIMES": 0},
    ),
    "429 with Retry-After": Row(everywhere(lambda: faults.too_many_requests("1", 2)), COMPLETE),
    "500 once": Row(everywhere(lambda: faults.times(1, faults.server_error())), COMPLETE),
    "500 on one page": Row(
        on_pages(strikes.with_status(500), last=True),
        Must("partial", "server error", "some"),
        single=Must("failed", "server error"),
    ),
    "500 everywhere": Row(everywhere(faults.server_error), Must("failed", "server error")),
    "body broken off": Row(on_pages(strikes.broken_off), Must("failed", "lost requests")),
    "body cut short": Row(
        on_pages(strikes.cut_short),
        Must("failed", "unreadable answer"),
        families={"one file": Must("held", "suspicious drop", "some", rejected=True)},
    ),
    "login page": Row(everywhere(faults.html), Must("failed", "login page")),
    "maintenance page": Row(everywhere(lambda: faults.html(faults.MAINTENANCE_PAGE)), Must("failed", "layout changed")),
    "error inside 200": Row(
        instead(lambda shape: lambda listing: [shape.error(listing)] * len(listing.pages)),
        Must("failed", "error inside 200"),
    ),
    "502 with the good body": Row(
        on_pages(strikes.with_status(502)), Must("failed", "server error"), accepting=COMPLETE
    ),
    "changed layout": Row(on_pages(strikes.another_layout), Must("failed", "layout changed")),
    "endless: the same page": Row(
        for_ever(lambda shape: lambda listing, number: shape.same_page(listing)),
        Must("partial", "endless paging", "some"),
        families={"one file": NO_PAGES},
    ),
    "endless: growing page numbers": Row(
        for_ever(lambda shape: shape.growing),
        Must("partial", "endless paging", "some"),
        families={"one file": NO_PAGES},
    ),
    "empty list": Row(instead(lambda shape: shape.empty), Must("held", "empty"), harvests=2),
    "identifiers twice": Row(instead(lambda shape: shape.twice), Must("complete", unchanged="all", duplicate=1)),
    "wrong charset": Row(
        on_pages(strikes.in_another_charset),
        Must("failed", "unreadable answer"),
        families={"one file": COMPLETE},  # the file's charset is told from its bytes: issues of it differ
    ),
    "compression bomb": Row(
        everywhere(lambda: faults.gzip_bomb(4)),
        Must("failed", "unreadable answer"),
        settings={"DOWNLOAD_MAXSIZE": 1 << 20, "SPOOL_MAXSIZE": 1 << 20},
    ),
    "half the records gone": Row(instead(lambda shape: shape.half), Must("held", "suspicious drop", "some"), harvests=2),
}

SETTINGS: dict[str, object] = {"RETRY_TIMES": 2, "RETRY_BACKOFF": 0.01, "RETRY_AFTER_MAX": 0.02}
"""Of every crawl here: what the defaults wait for is not what is tested."""
