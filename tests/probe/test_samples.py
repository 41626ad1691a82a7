"""Recorded answers of real portals are recognised for what they are."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import pytest

from harvester import config
from harvester.probe.answers import Answer
from harvester.probe.detectors import detectors
from harvester.probe.findings import CERTAIN, LIKELY, POSSIBLE, Finding, Target

PRESETS = config.presets(config.default_config())
LARGEST = 8 * 1024 * 1024


def best(file: Path, url: str) -> Finding | None:
    """What is known from one answer alone: whatever else is asked for does not come."""
    body = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    kind = "text/html" if ".html" in file.name else ""
    answer = Answer(url, url, 200, {"content-type": kind}, body[:LARGEST], len(body) > LARGEST)
    found: list[Finding] = []
    for detector in detectors(PRESETS):
        reading = detector.read(answer, Target(answer, PRESETS))
        try:
            next(reading)
            for _ in range(20):
                reading.send(Answer("", fault="does not come"))
        except StopIteration as end:
            found += [end.value] if end.value else []
    return max(found, key=lambda finding: finding.confidence, default=None)


@pytest.mark.parametrize(
    ("family", "url", "protocol", "least"),
    [
        ("data-json", "http://p/data.json", "dcat", 50),
        ("dcat-rdf", "http://p/feed", "dcat", 39),
        ("oai-pmh", "http://p/oai?verb=ListRecords", "oai_pmh", 32),
        ("ckan", "http://p/api/3/action/package_search?rows=1", "ckan", 9),
        ("iso19139-csw", "http://p/csw?service=CSW", "csw", 5),
        ("schema-org", "http://p/page", "schema_org", 12),
    ],
)
def test_families(family: str, url: str, protocol: str, least: int, samples: Path) -> None:
    files = [file for file in sorted((samples / family).rglob("*")) if file.is_file() and file.name != "README.md"]
    findings = [finding for file in files if (finding := best(file, url)) and finding.confidence >= POSSIBLE]
    counts = Counter(finding.protocol for finding in findings)
    assert counts[protocol] >= least
    surely = {finding.protocol for finding in findings if finding.confidence >= LIKELY}
    assert surely == {protocol}, "and nothing else is taken for certain"


@pytest.mark.parametrize(
    ("sample", "url", "protocol", "option"),
    [
        ("other-apis/dataverse_search_trees.json", "http://p/api/search?q=trees", "json_api", "dataverse"),
        ("other-apis/i14y_datasets_list.json", "http://p/api/public/v1/datasets", "json_api", "i14y"),
        ("other-apis/socrata_discovery_datasets.json", "http://p/api/catalog/v1", "json_api", "socrata_discovery"),
        ("other-apis/zenodo_records_search.json", "http://p/api/records", "json_api", "zenodo"),
        ("members/**/orgs_jenkinsci_repos_page-1.json.gz", "http://p/orgs/jenkinsci/repos", "github_org", "jenkinsci"),
    ],
)
def test_lists_in_json(sample: str, url: str, protocol: str, option: str, samples: Path) -> None:
    (file,) = samples.glob(sample)
    finding = best(file, url)
    assert finding
    assert (finding.protocol, finding.confidence) == (protocol, CERTAIN)
    assert option in finding.options.values()
    assert finding.address == "http://p"


def test_what_is_hostile_is_no_catalogue_of_any_other_kind(samples: Path) -> None:
    files = [file for file in sorted((samples / "hostile").rglob("*")) if file.is_file() and file.suffix != ".gz"]
    found = {finding.protocol for file in files if (finding := best(file, "http://p/x"))}
    assert found <= {"dcat", "rss", "json_api"}
