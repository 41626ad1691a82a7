"""The table of faults: what each does to the requests of a source, and the verdict, reason and counts that must come.

Data only. Keyed by the family of a protocol (`shapes.Shape.FAMILY`) where families differ, and by the name of the
protocol's shape where it differs from its family. A fault that a family cannot have is `Absent` there, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harvester.members import HarvestSource
from harvester.sample_portals.server import Answer
from tests.conformance import shapes, strikes
from tests.conformance.strikes import Strike, everywhere, for_ever, instead, on_pages
from tests.portals import faults


@dataclass(frozen=True)
class Must:
    """What a harvest under the fault must say.

    `unchanged`: ``all`` (every count is that of a healthy harvest), ``some`` (fewer, but not none), ``few`` (or none),
    ``none``.
    `rejected`: records may be rejected that are not in a healthy harvest; their last good data stay.
    """

    verdict: Literal["complete", "partial", "held", "failed"]
    reason: str = ""
    unchanged: Literal["all", "some", "few", "none"] = "none"
    duplicate: int = 0
    rejected: bool = False


@dataclass(frozen=True)
class Absent:
    """Why a family cannot have the fault."""

    why: str


@dataclass(frozen=True)
class Row:
    """One fault. Of several `Must` one holds: portals of a family differ in what can be told of them.

    `single`: for a source whose listing is one page; `accepting`: for one that takes status 502 with a good body.
    `settings` of the crawl, so that nobody waits. `harvests`: so many in a row.
    """

    strike: Strike
    must: Must | tuple[Must, ...]
    families: Mapping[str, Must | tuple[Must, ...] | Absent] = field(default_factory=dict)
    single: Must | None = None
    accepting: Must | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    harvests: int = 1


FAMILIES = ("json pages", "html pages", "xml pages", "rdf pages", "one file")
COMPLETE = Must("complete", unchanged="all")
REJECTED = (  # texts that are no texts cost the records that have them
    Must("failed", "unreadable answer"),
    Must("held", "layout changed", rejected=True),
    Must("complete", unchanged="some", rejected=True),
)
BROKEN_OFF = Must("failed", "unreadable answer")
LAYOUT_CHANGED = Must("failed", "layout changed")
NO_PAGES = Absent("its listing is one file: there is no page that another could follow")

TABLE: dict[str, Row] = {
    "timeout": Row(
        everywhere(lambda: faults.slow(0.2)),
        Must("failed", "timeout"),
        settings={"DOWNLOAD_TIMEOUT": 0.05, "RETRY_TIMES": 0},
    ),
    "429 with Retry-After": Row(everywhere(lambda: faults.too_many_requests("1")), COMPLETE),
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
        BROKEN_OFF,
        families={
            "one file": Must("held", "suspicious drop", "some", rejected=True),
            "dcat_data_json": BROKEN_OFF,
            "table": (Must("held", "suspicious drop", "some", rejected=True), BROKEN_OFF),  # a workbook has an end
            # Where HTML has no end, it is not always seen that it broke off.
            "html pages": (BROKEN_OFF, LAYOUT_CHANGED, Must("held", "suspicious drop", "few", rejected=True)),
        },
    ),
    "403 everywhere": Row(everywhere(faults.forbidden), Must("failed", "blocked")),
    "404 everywhere": Row(everywhere(lambda: faults.always(Answer(b"not here", 404))), Must("failed", "not found")),
    "no body": Row(everywhere(lambda: faults.body(b"")), Must("failed", "empty")),
    "login page": Row(everywhere(faults.html), Must("failed", "login page")),
    "maintenance page": Row(everywhere(lambda: faults.html(faults.MAINTENANCE_PAGE)), LAYOUT_CHANGED),
    "error inside 200": Row(
        strikes.error_inside_200,
        Must("failed", "error inside 200"),
        # What is an error, a page of HTML does not say; a JSON list's own error is told by `success`, if that is known.
        families={
            "html pages": LAYOUT_CHANGED,
            "json_api": (Must("failed", "error inside 200"), LAYOUT_CHANGED),
        },
    ),
    "502 with the good body": Row(
        on_pages(strikes.with_status(502)), Must("failed", "server error"), accepting=COMPLETE
    ),
    "changed layout": Row(
        on_pages(strikes.another_layout),
        LAYOUT_CHANGED,
        families={
            "rdf pages": Must("held", "empty"),  # sound RDF may speak of anything, and of no dataset
            "json_api": (LAYOUT_CHANGED, Must("failed", "error inside 200")),  # `success` is not met either
        },
    ),
    "endless: the same page": Row(
        for_ever(lambda shape: lambda listing, number: shape.same_page(listing)),
        Must("partial", "endless paging", "some"),
        # Its spider knows the next page before it has read this one.
        families={"one file": NO_PAGES, "rdf pages": Must("failed", "endless paging")},
    ),
    "endless: growing page numbers": Row(
        for_ever(lambda shape: shape.growing),
        Must("partial", "endless paging", "some"),
        families={"one file": NO_PAGES},
    ),
    "empty list": Row(
        instead(lambda shape: shape.empty),
        Must("held", "empty"),
        families={"html pages": (Must("held", "empty"), LAYOUT_CHANGED)},  # unless the list has words for it
        harvests=2,
    ),
    "identifiers twice": Row(instead(lambda shape: shape.twice), Must("complete", unchanged="all", duplicate=1)),
    "wrong charset": Row(
        on_pages(strikes.in_another_charset),
        Must("failed", "unreadable answer"),
        families={
            "one file": COMPLETE,  # issues of the file differ: its charset is told from its bytes
            "html pages": (COMPLETE, Must("failed", "unreadable answer")),
            "json pages": REJECTED,
            "json_api": COMPLETE,
            "dcat_data_json": REJECTED,
            "oai_pmh": COMPLETE,
        },
    ),
    "compression bomb": Row(
        everywhere(lambda: faults.gzip_bomb(4)),
        Must("failed", "unreadable answer"),
        settings={"DOWNLOAD_MAXSIZE": 1 << 20, "SPOOL_MAXSIZE": 1 << 20},
    ),
    "half the records gone": Row(
        instead(lambda shape: shape.half),
        Must("held", "suspicious drop", "some"),
        harvests=2,
    ),
}

SETTINGS: dict[str, object] = {"RETRY_TIMES": 1, "RETRY_BACKOFF": 0.005, "RETRY_AFTER_MAX": 0.01}
"""Of every crawl here: what the defaults wait for is not what is tested."""


def must(source: HarvestSource, name: str) -> tuple[Must, ...] | Absent:
    """What a row holds for a source, by its shape: one of these."""
    shape, row = shapes.of(source), TABLE[name]
    if why := shape.absent(source).get(name):
        return Absent(why)
    found = row.families.get(shape.__name__.rpartition(".")[2]) or row.families.get(shape.FAMILY, row.must)
    return (found,) if isinstance(found, Must) else found
