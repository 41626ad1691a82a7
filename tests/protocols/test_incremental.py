"""Incremental harvests through a real ledger: what changed is asked for, what is missing shows at the next full one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harvester import config
from harvester.crawl.run import harvest_source
from harvester.members import HarvestSource
from harvester.options import OPTIONS
from harvester.sample_portals.ckan import CkanPortal
from harvester.sample_portals.dcat import JSON, DcatPortal


def source(protocol: str, url: str, **options: Any) -> HarvestSource:
    return HarvestSource(
        member="sample",
        key=protocol,
        title=protocol,
        protocol=protocol,
        url=url,
        options=OPTIONS[protocol](**options),
        evidence="assumed",
        allow_private=True,
    )


def package(number: int, modified: str = "2020-01-01T00:00:00.000000", **fields: Any) -> dict[str, Any]:
    return {"id": f"id-{number:03d}", "title": f"Package {number}", "metadata_modified": modified, **fields}


def test_the_second_harvest_of_a_ckan_asks_for_what_changed(tmp_path: Path) -> None:
    settings = config.settings(tmp_path)
    later = "2999-01-01T00:00:00.000000"
    packages = [package(number) for number in range(30)]
    with CkanPortal(packages) as portal:
        here = source("ckan", portal.url)
        first = harvest_source(settings, here)
        changed = [package(5, later, title="Changed"), package(99, later)]
        portal.replace(packages[:5] + packages[6:29] + changed)
        second = harvest_source(settings, here)
        full = [harvest_source(settings, here, full=True) for _ in range(2)]
    assert (first.full, first.created) == (True, 30)
    assert (second.full, second.verdict, second.reason) == (False, "complete", "")
    assert (second.listed, second.created, second.updated) == (2, 1, 1)
    assert (second.missing, second.removed) == (0, 0)
    assert [report.removed for report in full] == [0, 1]
    assert full[0].missing == 1
    assert full[1].unchanged == 30


def test_a_package_that_the_portal_calls_deleted_is_removed_at_once(tmp_path: Path) -> None:
    settings = config.settings(tmp_path)
    with CkanPortal(package(number) for number in range(10)) as portal:
        here = source("ckan", portal.url)
        harvest_source(settings, here)
        portal.replace([package(3, "2999-01-01T00:00:00", state="deleted"), *(package(n) for n in range(10) if n != 3)])
        report = harvest_source(settings, here)
    assert (report.full, report.verdict, report.listed, report.deleted) == (False, "complete", 1, 1)


def test_a_feed_shows_at_every_harvest_what_is_missing(tmp_path: Path) -> None:
    settings = config.settings(tmp_path)
    feeds = [
        b'{"dataset": [%s]}' % b",".join(b'{"identifier": "%d", "title": "%d"}' % (n, n) for n in range(size))
        for size in (30, 29)
    ]
    with DcatPortal({"/data.json": (JSON, feeds[0])}) as portal:
        here = source("dcat", f"{portal.url}/data.json")
        reports = [harvest_source(settings, here)]
        portal.files["/data.json"] = (JSON, feeds[1])
        reports += [harvest_source(settings, here) for _ in range(2)]
    assert [report.full for report in reports] == [True, True, True]
    assert [(report.missing, report.removed) for report in reports] == [(0, 0), (1, 0), (0, 1)]
