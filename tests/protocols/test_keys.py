"""Keys of JSON lists: sent wherever a portal wants them, and in no log, ledger or fixture."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import orjson
import pytest
from pydantic import ValidationError

from harvester import config
from harvester.crawl.order import Sample
from harvester.crawl.run import harvest_source
from harvester.kit.checking import check
from harvester.kit.recording import record
from harvester.ledger import Ledger
from harvester.members import HarvestSource
from harvester.options.github_org import GitHubOrgOptions
from harvester.options.json_api import JsonApiOptions
from harvester.protocols.json_api import JsonApiSpider, _is_told
from harvester.sample_portals.server import Answer, Asked
from tests.portals import faults
from tests.portals.json_lists import OPTIONS, JsonListPortal, rows
from tests.protocols.driver import run, spider

KEY = "s3cr3t/+k==Zz,9"
NAME = "${ALPINE_KEY}"

PLACES: dict[str, dict[str, Any]] = {
    "query": {"parameters": {"serviceKey": NAME}},
    "form": {"parameters": {"k": NAME}, "method": "POST"},
    "JSON body": {"parameters": {"auth": {"keys": [NAME]}}, "method": "POST", "body": "json"},
    "header": {"headers": {"Authorization": f"Infuser {NAME}"}},
    "own header": {"headers": {"X-Key": NAME}},
    "path": {"path": f"/{NAME}/list"},
    "query, next address": {"parameters": {"serviceKey": NAME, "size": 10}, "paging": {"next": "next"}, "total": None},
    "header, next address": {"headers": {"X-Key": NAME}, "parameters": {"size": 10}, "paging": {"link_header": True},
                             "total": None},
}  # fmt: skip


class Locked(JsonListPortal):
    """Answers who sends the key anywhere, and repeats it in its rows, its links, its headers."""

    def answer(self, asked: Asked) -> Answer:
        sent = f"{asked.path} {asked.query} {asked.headers} {asked.body.decode()}"
        if KEY not in sent and KEY not in unquote(sent):
            return Answer(b'{"status": "NO KEY"}', 403, {"Content-Type": "application/json"})
        path = asked.path.replace(f"/{KEY}", "")
        answer = super().answer(Asked(path, asked.query, asked.headers, asked.method, asked.body))
        body = answer.body.replace(KEY.encode(), KEY.replace("=", "\\u003d").encode())  # as Gson writes it
        return Answer(body, answer.status, {**answer.headers, "X-Asked-By": KEY})

    def _named(self, following: int, size: int) -> str:
        return f"{super()._named(following, size)}&serviceKey={quote(KEY, safe='')}"


def source_of(portal: JsonListPortal, **options: Any) -> HarvestSource:
    detail = {"address": f"/detail/{{identifier}}?key={NAME}", "record": "data", "fields": {"license": "license"}}
    return HarvestSource(
        member="test",
        key="list",
        title="목록",
        protocol="json_api",
        url=portal.url,
        options=JsonApiOptions.model_validate({**OPTIONS, "detail": detail, **options}),
        evidence="assumed",
        language="ko",
        allow_private=True,
    )


@pytest.fixture
def portal() -> Any:
    echoing = [row | {"by": KEY, "file": f"https://x.example/d?serviceKey={quote(KEY, safe='')}"} for row in rows(12)]
    with Locked(echoing, "offset", tells=("total", "next", "link")) as portal:
        yield portal


@pytest.mark.parametrize("place", PLACES)
def test_a_key_is_sent_and_never_kept(
    portal: Locked, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ALPINE_KEY", KEY)
    caplog.set_level(logging.INFO)
    settings = config.settings(tmp_path / "home")
    options = {"paging": {"offset": "at", "size": 10, "size_parameter": "size"}, **PLACES[place]}
    source = source_of(portal, **options)
    report = harvest_source(settings, source)
    assert (report.verdict, report.created, portal.count("/detail")) == ("complete", 12, 12)

    found = record(settings, source, Sample(pages=2, records=20), tmp_path / "fixtures", options={})
    assert (found.problem, found.written) == ("", True)
    monkeypatch.delenv("ALPINE_KEY")
    assert check(settings, source, tmp_path / "fixtures").is_right

    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    for spelt in (KEY, quote(KEY), quote(KEY, safe=""), "s3cr3t", "Zz,9"):
        assert spelt.encode() not in kept
        assert spelt not in caplog.text


def test_a_job_that_was_stopped_goes_on_with_the_key(
    portal: Locked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the portal's own link to the next page, which is the cursor, has the key in it."""
    monkeypatch.setenv("ALPINE_KEY", KEY)
    options = {**OPTIONS, **PLACES["query, next address"]}
    first = run(spider(JsonApiSpider, "json_api", portal.url, **options), tmp_path, most_pages=1)
    assert NAME in first.pages[-1].cursor
    rest = run(spider(JsonApiSpider, "json_api", portal.url, **options), tmp_path, first.pages[-1].cursor)
    assert rest.ended
    assert first.identifiers + rest.identifiers == [str(1000 + n) for n in range(12)]


def test_a_key_that_is_not_set_is_told(portal: Locked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALPINE_KEY", raising=False)
    report = harvest_source(config.settings(tmp_path), source_of(portal))
    assert report.verdict == "failed"
    assert "the environment variable ALPINE_KEY is not set; a source needs it as its key" in report.reason


def test_a_portal_that_names_another_variable_is_not_told_it(
    portal: Locked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALPINE_KEY", KEY)
    monkeypatch.setenv("BANK_KEY", "of-somebody-else")
    asked: list[str] = []

    def prying(one: Asked) -> Answer | None:
        if one.path != "/list":
            return None
        asked.append(str(one.query))
        following = f"{portal.url}/list?at=10&size=10&serviceKey={quote(KEY)}&x=${{BANK_KEY}}"
        body = b'{"status": "OK", "rows": [{"id": 1, "name": "a"}], "next": "%s"}' % following.encode()
        return Answer(body, headers={"Content-Type": "application/json"}) if len(asked) == 1 else None

    with portal.failing(prying):
        harvest_source(config.settings(tmp_path), source_of(portal, **PLACES["query, next address"]))
    assert "${BANK_KEY}" in asked[1]
    assert "of-somebody-else" not in "".join(asked)


def test_another_host_is_not_told_the_key(portal: Locked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPINE_KEY", KEY)
    with JsonListPortal(rows(12)) as other:
        body = (
            b'{"status": "OK", "rows": [{"id": 1, "name": "a"}], "next": "%s/list?k=${ALPINE_KEY}"}'
            % other.url.encode()
        )
        with portal.failing(faults.body(body)):
            report = harvest_source(
                config.settings(tmp_path), source_of(portal, detail=None, **PLACES["query, next address"])
            )
        assert other.count() == 0
    assert (report.verdict, report.reason, report.created) == ("failed", "forbidden address", 0)


@pytest.mark.parametrize(
    ("address", "source", "told"),
    [
        ("https://API.example.kr/x", "https://api.example.kr", True),
        ("https://api.example.kr:443/x", "https://api.example.kr/y", True),
        ("https://api.example.kr/x", "http://api.example.kr", True),
        ("http://api.example.kr/x", "https://api.example.kr", False),
        ("http://api.example.kr:8080/x", "http://api.example.kr", False),
        ("https://other.example.kr/x", "https://api.example.kr", False),
    ],
)
def test_whose_server_is_told_the_key(address: str, source: str, told: bool) -> None:
    assert _is_told(address, source) is told


def test_a_key_that_a_portal_repeats_to_any_protocol_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALPINE_KEY", KEY)
    repository = {
        "id": 1,
        "name": "open-data",
        "description": f"asked with {KEY}",
        "homepage": f"https://x.example/?k={quote(KEY, safe='')}",
    }
    nameless = {"name": f"asked with {KEY}"}
    body = orjson.dumps([repository, nameless])
    with JsonListPortal([]) as portal, portal.failing(faults.body(body)):
        source = HarvestSource(
            member="test",
            key="list",
            title="목록",
            protocol="github_org",
            url=portal.url,
            options=GitHubOrgOptions(organisation="open", api_key=NAME),
            evidence="assumed",
            allow_private=True,
        )
        report = harvest_source(config.settings(tmp_path), source)
    assert (report.verdict, report.created, report.rejected) == ("complete", 1, 1)
    with Ledger.open(config.settings(tmp_path).database_url) as ledger:
        (dataset,) = ledger.export()
    assert b"asked with ***" in dataset.content
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or not any(one in file.read_bytes() for one in (b"s3cr3t", b"Zz,9", b"Zz%2C9"))


@pytest.mark.parametrize(
    "options",
    [
        {"parameters": {"serviceKey": "${alpine}"}},
        {"headers": {"X-Key": "${}"}},
        {"path": "/${A KEY}/list"},
        {"detail": {"address": "/${/{identifier}", "fields": {"title": "t"}}},
    ],
)
def test_a_name_that_is_none_is_a_mistake_of_the_member_file(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="a key is named as"):
        JsonApiOptions.model_validate({**OPTIONS, **options})


def test_a_key_written_as_a_value_does_not_keep_a_fixture_from_its_replay(tmp_path: Path) -> None:
    with JsonListPortal(rows(12)) as portal:
        for way in ({}, {"method": "POST"}):
            source = source_of(portal, detail=None, parameters={"serviceKey": "0123456789abcdef", "sort": "*"}, **way)
            found = record(config.settings(tmp_path), source, Sample(pages=5, records=20), tmp_path / "f", options={})
            assert (found.problem, found.written) == ("", True)
    kept = b"".join(file.read_bytes() for file in (tmp_path / "f").rglob("*") if file.is_file())
    assert b"0123456789abcdef" not in kept
