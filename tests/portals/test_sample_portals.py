"""The sample portals as the demo uses them: every member of theirs is harvested whole."""

from __future__ import annotations

import csv
import io
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from harvester import config, sample_portals
from harvester.crawl.run import harvest_source
from harvester.ledger import Ledger
from harvester.sample_portals import CORPUS, SamplePortals
from harvester.sample_portals.ckan import CkanPortal
from harvester.sample_portals.server import Portal


@pytest.fixture(scope="module")
def portals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SamplePortals]:
    with sample_portals.start(tmp_path_factory.mktemp("sample")) as started:
        yield started


def get(url: str, headers: dict[str, str] | None = None) -> tuple[int, bytes, dict[str, str]]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=10) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers)


def test_every_sample_member_is_harvested_whole(portals: SamplePortals, tmp_path: Path) -> None:
    settings = config.settings(tmp_path, portals.config)
    sources = config.select(portals.config, ())
    reports = {source.name: harvest_source(settings, source) for source in sources}
    assert {(report.verdict, report.reason) for report in reports.values()} == {("complete", "")}
    assert sum(report.rejected + report.failed + report.duplicate for report in reports.values()) == 0
    assert sum(report.created for report in reports.values()) == 82 + 40 + 14 + 16 + 10
    with Ledger.open(settings.database_url) as ledger:
        titles = [stored.content.decode() for stored in ledger.export()]
        warnings = {
            name: [code for severity, code in ledger.issue_counts(report.job) if severity != "info"]
            for name, report in reports.items()
        }
    assert any("산후조리원" in title for title in titles)
    assert any("Tide gauge" in title for title in titles)
    assert any("하천 수질 자동측정" in title for title in titles)
    assert not any(warnings.values()), warnings


def test_the_corpus_has_the_recorded_columns_and_invented_keys() -> None:
    text = (CORPUS / "catalogue.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows[0]) == 36
    assert {row["목록유형"] for row in rows} == {"FILE", "API", "STD"}
    assert all(row["목록키"].startswith("990000") for row in rows)


def test_answers_by_list_key_say_that_they_are_made(portals: SamplePortals) -> None:
    url = portals.addresses["datagokr"]
    for path in ("/catalog/99000001/fileData.json", "/dcat/metadata/99000001"):
        status, _, headers = get(url + path)
        assert (status, headers["X-Sample"]) == (200, "made from a catalogue row")
    assert "X-Sample" not in get(f"{url}/robots.txt")[2]


def test_a_known_download_is_not_sent_again(portals: SamplePortals) -> None:
    url = portals.addresses["datagokr"]
    described = json.loads(get(f"{url}/catalog/15062804/fileData.json")[1])
    address = described["distribution"][0]["contentUrl"]
    status, body, headers = get(address)
    assert (status, body[:3]) == (200, b"\xef\xbb\xbf")
    assert get(address, {"If-None-Match": headers["ETag"]})[:2] == (304, b"")


def test_a_ckan_caps_rows_and_knows_its_actions(portals: SamplePortals) -> None:
    api = f"{portals.addresses['ckan']}/api/3/action"
    search = json.loads(get(f"{api}/package_search?rows=5&start=38&sort=id+asc")[1])["result"]
    assert (search["count"], len(search["results"])) == (40, 2)
    names = json.loads(get(f"{api}/package_list")[1])["result"]
    assert json.loads(get(f"{api}/package_show?id={names[0]}")[1])["result"]["name"] == names[0]
    assert get(f"{api}/package_show?id=none")[0] == 404
    assert get(f"{portals.addresses['ckan']}/dataset/{names[0]}")[0] == 200
    assert get(f"{api}/organization_show")[0] == 404


def test_requests_are_counted_by_path() -> None:
    with CkanPortal() as portal:
        get(f"{portal.url}/robots.txt")
        get(f"{portal.url}/api/3/action/package_list")
        assert (portal.count(), portal.requests["/robots.txt"], portal.answered[200]) == (1, 1, 2)


def test_a_portal_that_stopped_answers_nobody() -> None:
    portal: Portal = CkanPortal().start()
    portal.stop()
    with pytest.raises(urllib.error.URLError):
        get(f"{portal.url}/robots.txt")
